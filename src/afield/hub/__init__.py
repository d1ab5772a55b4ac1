"""The hub: one server for a laptop and a team. Nothing heavy loads with the room itself."""
