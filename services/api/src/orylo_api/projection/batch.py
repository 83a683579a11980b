"""A batch of messages into the read models, in one transaction."""

from collections.abc import Sequence

from orylo_api.projection.table import FOLDED_BY, WRITE_ORDER
from orylo_api.read_models.claims import Projectable, claim
from orylo_api.read_models.effects import Effects
from orylo_common.postgres.pool import Connection


async def write_batch(connection: Connection, batch: Sequence[Projectable]) -> list[bool]:
    """Fold `batch` into the read models, inside the caller's transaction. Return for each item whether it was new."""
    effects = Effects(await claim(connection, batch))
    projections = {kind: kind() for kind in WRITE_ORDER}
    new = []
    for item in batch:
        is_new = effects.claims.take(item.tenant_id, item.message_id)
        new.append(is_new)
        if is_new:
            for kind in FOLDED_BY[type(item)]:
                projections[kind].fold(item, effects)
    rollups = effects.rollup_changes()
    await rollups.begin(connection)
    for projection in projections.values():
        await projection.write(connection)
    await rollups.finish(connection)
    await effects.write(connection)
    return new
