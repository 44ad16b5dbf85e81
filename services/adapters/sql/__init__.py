"""The store on SQL: engine, schema, migrations, and the two ports on top of them."""
