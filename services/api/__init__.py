"""The HTTP side: tokens, scenes, sessions, health, the static pages, and the agent watcher."""
