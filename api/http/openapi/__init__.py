"""The description of the routes, after OpenAPI 3.1."""
