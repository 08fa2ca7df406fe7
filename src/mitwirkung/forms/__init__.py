"""The form of an application: declared once, and from it all that people see and fill in."""
