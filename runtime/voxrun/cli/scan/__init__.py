"""Looking through scenarios without running them: syntax, scopes, what names mean, which do not exist."""
