from submeter.bacnet.documents import markdown


def test_a_text_is_one_line_in_which_nothing_begins() -> None:
    assert markdown.line("D|\n## Fake <script>") == "D\\| ## Fake &lt;script>"


def test_a_table() -> None:
    found = markdown.table(("a", "b"), [("1|2", "3\n4")])
    assert found == "| a | b |\n| --- | --- |\n| 1\\|2 | 3 4 |\n"
