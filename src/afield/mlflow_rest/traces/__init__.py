"""Traces: MLflow's API of version 3, its assessments, and OpenTelemetry's way in.

`app` joins the `RPCS` of each file; entries, tables and spans are the room `afield.traces`.
"""
