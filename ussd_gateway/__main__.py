"""`python -m ussd_gateway` is `ussd-gateway`."""

from ussd_gateway.cli import main

main(prog_name="ussd-gateway")
