"""A tenant's settings by section, with all their versions."""

from typing import Any

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict, Invalid, NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.tenant_settings.models import (
    RestoreSectionBody,
    SectionBody,
    SectionList,
    SectionPath,
    SectionVersion,
    SectionVersionPage,
    SectionVersionQuery,
    SettingsSection,
    ThresholdBody,
    ThresholdPreview,
)
from orylo_api.tenant_settings.preview import preview_thresholds
from orylo_common.control.errors import InvalidChange
from orylo_common.control.sections import SECTIONS
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.control.sections.store import (
    UnknownVersion,
    list_section_versions,
    read_all_current,
    read_current,
    read_section,
    restore_section,
    version_of_row,
    write_section,
)
from orylo_common.control.sections.values import InvalidSettings, validate_values

VERSIONS = Listing("control.settings_versions", "version", int)


async def list_settings(call: Call[None, None, None]) -> SectionList:
    sections = await read_all_current(call.connection, call.principal.tenant.id, list(SECTIONS.values()))
    return SectionList(items=[SettingsSection.of(each) for each in sections])


async def show_section(call: Call[SectionPath, None, None]) -> SettingsSection:
    return await _current(call)


async def change_section(call: Call[SectionPath, None, SectionBody]) -> SettingsSection:
    try:
        settings = validate_values(call.path.model, call.body.values)
    except InvalidSettings as invalid:
        raise _invalid(invalid, "body.values") from None
    await write_section(call.connection, call.principal.tenant.id, settings, actor=actor_of(call))
    return await _current(call)


async def list_section_history(call: Call[SectionPath, SectionVersionQuery, None]) -> SectionVersionPage:
    tenant_id, model = call.principal.tenant.id, call.path.model
    where = Where()
    where.seek("section = {}", model.section)
    rows, next_cursor = await fetch_page(call.connection, VERSIONS, where, call.query)
    versions = [version_of_row(model, row) for row in rows]
    if not versions:
        return SectionVersionPage(items=[], next_cursor=next_cursor)
    before = await list_section_versions(
        call.connection, tenant_id, model, limit=1, before=versions[-1].version, or_defaults=True
    )
    return SectionVersionPage(
        items=[
            SectionVersion.of(version, earlier)
            for version, earlier in zip(versions, [*versions[1:], *before], strict=True)
        ],
        next_cursor=next_cursor,
    )


async def roll_back_section(call: Call[SectionPath, None, RestoreSectionBody]) -> SettingsSection:
    current = await read_current(call.connection, call.principal.tenant.id, call.path.model, for_update=True)
    if call.body.current not in (None, current.version):
        text = f"the section was changed: its version is {current.version}, not {call.body.current}"
        raise Conflict(text, code="version_conflict")
    try:
        await restore_section(
            call.connection, call.principal.tenant.id, call.path.model, call.body.version, actor=actor_of(call)
        )
    except UnknownVersion as error:
        raise NotFound(str(error)) from None
    except InvalidChange as error:
        raise Invalid(str(error), [FieldProblem(field="body.version", message=str(error))]) from None
    return await _current(call)


async def preview_detection(call: Call[None, None, ThresholdBody]) -> ThresholdPreview:
    current = await read_section(call.connection, call.principal.tenant.id, DetectionPolicy)
    thresholds = {name: value for name in ("review_at", "block_at") if (value := getattr(call.body, name)) is not None}
    try:
        proposed = validate_values(DetectionPolicy, current.model_dump(mode="json") | thresholds)
    except InvalidSettings as invalid:
        raise _invalid(invalid, "body") from None
    return await preview_thresholds(
        call.connection, current, proposed, days=call.body.days, now=call.services.clock.now()
    )


async def _current(call: Call[SectionPath, Any, Any]) -> SettingsSection:
    return SettingsSection.of(await read_current(call.connection, call.principal.tenant.id, call.path.model))


def _invalid(invalid: InvalidSettings, place: str) -> Invalid:
    problems = [
        FieldProblem(field=".".join(filter(None, (place, each.field)))[:200], message=each.message)
        for each in invalid.problems
    ]
    return Invalid("the settings are not saved: some values are invalid", problems)


ROUTES = (
    Route(
        "GET",
        "/api/v1/settings",
        list_settings,
        Permission.READ,
        "All sections of the settings",
        response=SectionList,
        description="With each field's value, default, unit and limits, and who changed the section when.",
    ),
    Route(
        "GET",
        "/api/v1/settings/{section}",
        show_section,
        Permission.READ,
        "A section of the settings",
        path_values=SectionPath,
        response=SettingsSection,
        description="The `ETag` of the response goes into `If-Match` of a change, so that the later of two editors "
        "gets 412.",
    ),
    Route(
        "PUT",
        "/api/v1/settings/{section}",
        change_section,
        Permission.CHANGE_SETTINGS,
        "Replace a section of the settings",
        path_values=SectionPath,
        body=SectionBody,
        response=SettingsSection,
        description="Makes a new version, which running services apply at once. The current values again make none.",
    ),
    Route(
        "GET",
        "/api/v1/settings/{section}/versions",
        list_section_history,
        Permission.READ,
        "The versions of a section, newest first",
        path_values=SectionPath,
        query=SectionVersionQuery,
        response=SectionVersionPage,
        description="With what each changed.",
    ),
    Route(
        "POST",
        "/api/v1/settings/{section}/restore",
        roll_back_section,
        Permission.CHANGE_SETTINGS,
        "Roll a section back to an earlier version",
        path_values=SectionPath,
        body=RestoreSectionBody,
        response=SettingsSection,
        description="Makes a new version with the values of the earlier one. 409 if `current` is no longer the current "
        "version.",
    ),
    Route(
        "POST",
        "/api/v1/settings/detection/preview",
        preview_detection,
        Permission.READ,
        "What other thresholds would have decided",
        body=ThresholdBody,
        response=ThresholdPreview,
        serves_in_maintenance=True,
        description="On past payments, by their stored risk. Changes nothing.",
    ),
)
