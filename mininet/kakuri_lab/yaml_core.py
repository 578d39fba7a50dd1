"""Reads YAML as the controller does (YAML 1.2 core schema), not as PyYAML does by default (YAML 1.1).

Under YAML 1.1 an unquoted MAC such as 12:34:56:00:01:02 is a base-60 integer and `on` is a boolean; a lab that
read a topology differently from the controller would test another network. JSON is YAML and is read too, without
PyYAML.
"""
import json
import re
from typing import Any


class TopologyError(Exception):
    """The topology file cannot be built; the message names what is wrong."""


def read_yaml(text: str) -> Any:
    """The value of a YAML 1.2 (or JSON) document. Raises TopologyError when it is neither."""
    if text.lstrip().startswith('{'):
        try:
            return json.loads(text)
        except ValueError:
            pass  # a YAML flow mapping also starts with a brace
    try:
        import yaml
    except ImportError as error:
        raise TopologyError('python3-yaml is missing: apt-get install python3-yaml, or give the file as JSON') from error
    try:
        return yaml.load(text, Loader=_core_loader(yaml))
    except yaml.YAMLError as error:
        raise TopologyError(f'not YAML: {error}') from error


def _core_loader(yaml: Any) -> Any:
    class CoreLoader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}

    def integer(_loader: Any, node: Any) -> int:
        return int(node.value, 0) if node.value[:2] in ('0x', '0o') else int(node.value)

    for tag, pattern, first in (
        ('bool', r'true|True|TRUE|false|False|FALSE', 'tTfF'),
        ('null', r'~|null|Null|NULL|', ['~', 'n', 'N', '']),
        ('int', r'[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+', '-+0123456789'),
        ('merge', r'<<', '<'),
    ):
        CoreLoader.add_implicit_resolver(f'tag:yaml.org,2002:{tag}', re.compile(f'^(?:{pattern})$'), list(first))
    CoreLoader.add_constructor('tag:yaml.org,2002:int', integer)
    return CoreLoader
