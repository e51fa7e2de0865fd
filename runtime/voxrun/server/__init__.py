"""The web server: softphone signalling, WHIP, session access URLs, the page's files."""
