"""Where the service starts."""
{%- if cookiecutter.database == "yes" %}

from {{ cookiecutter.package }}.store import Store
{%- endif %}


{% if cookiecutter.database == "yes" -%}
def main(database: str = ":memory:") -> int:
    """Write that the service has started; gives how often it has."""
    store = Store(database)
    try:
        store.add("started")
        return store.count("started")
    finally:
        store.close()
{%- else -%}
def main() -> int:
    """Do the work; gives the exit code."""
    return 0
{%- endif %}


if __name__ == "__main__":
    main()
