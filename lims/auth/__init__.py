"""Who may do what: roles and permissions, logging in, sessions, tokens, fresh confirmation for signing."""
