"""Who answers a service code: menus, functions, URLs, ESMEs. An application has `deliver` and answers by `submit`."""
