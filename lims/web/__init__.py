"""What every page and API route shares: the guard, error pages, security headers, templates, language."""
