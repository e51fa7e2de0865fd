# Makes the virtual environment that bin/voxrun and bin/test run in. Sourced by both.
#
# voxrun_setup ROOT EXTRAS   makes ROOT/.venv with voxrun and EXTRAS ("speech" or "speech,dev") when it is
#                            missing, unfinished or older than pyproject.toml; otherwise returns at once.
#
# .venv/.voxrun-installed holds what was installed: the extras on its first line, pyproject.toml's own text
# below. It is written last, so an interrupted installation is seen and repeated. Comparing it needs no
# other program, which keeps the second start fast.

voxrun_say() { printf '%s\n' "$*" >&2; }

voxrun_fail() {
  voxrun_say "voxrun: $1"
  shift
  for line in "$@"; do voxrun_say "        $line"; done
  exit 1
}

# Whether everything asked for is installed.
voxrun_is_ready() {
  local root=$1 extras=$2 stamp=$1/.venv/.voxrun-installed installed
  [ -f "$stamp" ] && [ -x "$root/.venv/bin/voxrun" ] && [ -x "$root/.venv/bin/python" ] || return 1
  installed=$(<"$stamp")
  local have=${installed%%$'\n'*} text=${installed#*$'\n'}
  [ "$text" = "$root"$'\n'"$(<"$root/pyproject.toml")" ] || return 1
  case ",$have," in *",$extras,"*) return 0 ;; esac
  [ "$have" = "speech,dev" ] && [ "$extras" = "speech" ]
}

voxrun_find_python() {
  local name
  for name in "${VOXRUN_PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    [ -n "$name" ] || continue
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

voxrun_make_venv() {
  local root=$1 python
  python=$(voxrun_find_python) || voxrun_fail \
    "Python 3.11 or newer is needed, and $(python3 --version 2>/dev/null || echo 'no python3') was found." \
    "Debian, Ubuntu: sudo apt install python3 python3-venv" \
    "Another Python: VOXRUN_PYTHON=/path/to/python3.11 $0"
  if [ ! -x "$root/.venv/bin/python" ] ||
    ! "$root/.venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    voxrun_say "Making .venv with $("$python" --version) ($python) ..."
    rm -rf "$root/.venv/bin" "$root/.venv/lib" "$root/.venv/pyvenv.cfg"
    voxrun_run_venv "$root" "$python" ||
      voxrun_fail "making $root/.venv failed; the reason is above." "Then run the same command again."
  fi
}

# Debian keeps what venv needs in a package of its own; where that is missing a pip that is there will do.
voxrun_run_venv() {
  local root=$1 python=$2
  if "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    "$python" -m venv "$root/.venv"
  elif "$python" -c 'import venv, pip; assert int(pip.__version__.split(".")[0]) >= 23' >/dev/null 2>&1; then
    "$python" -m venv --without-pip "$root/.venv" &&
      "$python" -m pip --python "$root/.venv/bin/python" install --quiet pip
  else
    voxrun_fail "this Python cannot make virtual environments: its venv part is not installed." \
      "Debian, Ubuntu: sudo apt install python3-venv" \
      "Then run the same command again."
  fi
}

# Turns pip's talk into a few plain lines; everything goes to the log as well.
voxrun_show_progress() {
  local log=$1 line file size
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    line=${line#"${line%%[![:space:]]*}"}
    case $line in
      "Downloading "*".metadata"* | "Using cached "*".metadata"*) ;;
      "Downloading "*" ("*) # Downloading aiortc-1.16.0-py3-none-any.whl (97 kB)
        file=${line#Downloading }
        size=${file##* (}
        file=${file##*/}
        voxrun_say "  ${file%%-*} (${size%)*})"
        ;;
      "Building wheel"*"started"*)
        file=${line#*for }
        voxrun_say "  building ${file%% *} ..."
        ;;
      "Installing collected packages"*) voxrun_say "  unpacking ..." ;;
    esac
  done
}

voxrun_install() {
  local root=$1 extras=$2 log=$1/.venv/install.log started=$SECONDS
  rm -f "$root/.venv/.voxrun-installed"
  voxrun_make_venv "$root"
  voxrun_say "Installing voxrun and what it needs into .venv (once; about 200 MB to download) ..."
  : >"$log"
  if ! PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONUNBUFFERED=1 NO_COLOR=1 \
    "$root/.venv/bin/python" -m pip install --progress-bar off -e "$root[$extras]" 2>&1 |
    voxrun_show_progress "$log"; then
    voxrun_say ""
    grep -E '^(ERROR|error|WARNING: Retrying)' "$log" | tail -n 8 >&2 || tail -n 8 "$log" >&2
    voxrun_fail "the installation failed; pip's words are above, all of them in $log." \
      "Without a network, or behind a proxy: set https_proxy, or PIP_INDEX_URL to your mirror." \
      "Then run the same command again: it goes on from what is there."
  fi
  # pip compiles what it installs, but not a folder that it only points to: the first start would have to.
  "$root/.venv/bin/python" -m compileall -q "$root/runtime" >>"$log" 2>&1 || true
  { printf '%s\n%s\n' "$extras" "$root" && cat "$root/pyproject.toml"; } >"$root/.venv/.voxrun-installed.new"
  mv "$root/.venv/.voxrun-installed.new" "$root/.venv/.voxrun-installed"
  voxrun_say "Installed in $((SECONDS - started)) s."
}

voxrun_setup() {
  local root=$1 extras=$2
  voxrun_is_ready "$root" "$extras" && return 0
  mkdir -p "$root/.venv" 2>/dev/null ||
    voxrun_fail "cannot write to $root, where .venv has to be." "Clone voxrun into a folder of your own."
  # One installation at a time; the others wait and find it done.
  if command -v flock >/dev/null; then
    exec 9>"$root/.venv/.lock"
    if ! flock -n 9; then
      voxrun_say "Another voxrun is installing; waiting for it ..."
      flock 9
    fi
  fi
  if ! voxrun_is_ready "$root" "$extras"; then
    # Tests need more than users: what is there already stays.
    [ "$extras" = speech ] && [ -x "$root/.venv/bin/pytest" ] && extras=speech,dev
    voxrun_install "$root" "$extras"
  fi
  command -v flock >/dev/null && exec 9>&-
  return 0
}
