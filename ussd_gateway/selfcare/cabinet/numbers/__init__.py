"""«Управление услугами»: the services of a number, and the numbers of a cabinet."""
