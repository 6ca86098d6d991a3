"""Tables: Qt item models over the session's rows."""
