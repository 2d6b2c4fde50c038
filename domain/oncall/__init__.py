"""Who is on call: rotas, the services they stand for, and how both are written down; pure, the moment is given."""
