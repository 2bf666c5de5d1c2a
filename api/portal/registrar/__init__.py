"""The registrar's room: invitations, firms, holds and recoveries."""
