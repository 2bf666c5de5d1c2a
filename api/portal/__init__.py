"""The pages of the portal, for people, on the same services as ``/v1``; one room a role."""
