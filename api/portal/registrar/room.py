"""The registrar's room: all its pages, each registered where it is written."""

from api.portal.registrar import firm_route, invitation_route, recovery_route
from api.portal.registrar.office import pages

__all__ = ["firm_route", "invitation_route", "pages", "recovery_route"]
