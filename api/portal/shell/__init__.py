"""What all rooms of the portal use: a page, who looks at it, permissions, errors, templates, static files."""
