"""The pages of the cabinet about money: expenses, tariff, options (R102)."""
