"""Who is signed in to the portal, since when, and until when."""
