import fakeredis

from orylo_common.redis import connect, is_in_process


async def test_only_the_stand_in_of_embedded_mode_is_in_this_process() -> None:
    assert is_in_process(fakeredis.FakeAsyncRedis())
    for url in ("redis://127.0.0.1:1", "redis+cluster://127.0.0.1:1"):
        assert not is_in_process(connect(url, timeout_s=1))
