"""The operator's own service: the cabinet password, the service «Управление номерами», and the cabinet's log-in.

`assemble.SelfCare` is what the program holds. The rules are in `ussd_gateway.subscribers` and in `texts` and `incoming`
(pure), the use cases in `service`, the SQL in `records`; `handlers`, `commands`, `cabinet` and `esme` are the edges: USSD,
SMS, HTTP and SMPP.
"""
