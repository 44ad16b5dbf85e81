"""What `make run` starts: LiveKit server, HTTP app, agent worker, speech host, job runner.

Owns processes, ports, the data folder's own secrets and logs. Imports nothing of `agents`: every
part is a process of its own, started by its command.
"""
