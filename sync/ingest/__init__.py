"""What other systems tell of, read and recorded: alerts from Alertmanager and Grafana, incidents as plain JSON."""
