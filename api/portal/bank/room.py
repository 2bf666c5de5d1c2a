"""The bank's room: all its pages, each registered where it is written."""

from api.portal.bank import check_route, list_route, request_route
from api.portal.bank.desk import pages

__all__ = ["check_route", "list_route", "pages", "request_route"]
