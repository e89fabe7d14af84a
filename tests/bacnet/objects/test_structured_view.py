from bacpypes3 import object as schemas

from bacnet.objects.decoded import decoded, schema_of
from bacnet.objects.entries import ENTRIES
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.required import required_of
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.structured_view import structured_view

SUBORDINATES, ANNOTATIONS = 211, 210


def test_view_of_a_meter() -> None:
    members = [PointObject(entry, 1000) for entry in ENTRIES.values()]
    texts = [each.entry.point.description for each in members]
    view = structured_view(1000, "A", "Tenant A", 4000, members, texts)
    assert (view.type, view.instance, view.name) == (29, 1000, "A")
    assert required_of(schema_of(view)) <= {*view.numbers, 371}
    for number in view.numbers:
        decoded(view, number)
    assert decoded(view, 208) == 6  # equipment
    assert decoded(view, 207) == "electrical submeter"
    assert decoded(view, 28) == "Tenant A"
    assert list(decoded(view, ANNOTATIONS)) == texts
    listed = decoded(view, SUBORDINATES)
    assert {tuple(each.deviceIdentifier) for each in listed} == {(8, 4000)}
    numbers = [int(each.objectIdentifier[0]) << 22 | each.objectIdentifier[1] for each in listed]
    assert numbers == [each.identifier for each in members]
    assert decoded(view, SUBORDINATES, 3).objectIdentifier[1] == 1003


def test_members_are_annotated_with_their_descriptions() -> None:
    described = PointObject(ENTRIES["Frequency"], described="A: ")
    plain = ServedObject(schemas.AnalogInputObject, 9, "plain")
    view = structured_view(1, "A", "", 4000, [described, plain])
    assert list(decoded(view, ANNOTATIONS)) == ["A: Mains frequency", ""]
