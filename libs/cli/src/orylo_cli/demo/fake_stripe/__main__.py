"""`python -m orylo_cli.demo.fake_stripe --port 8091`: run the fake Stripe alone until it is interrupted."""

import argparse
import asyncio
import signal

from orylo_cli.demo.fake_stripe.server import run_fake_stripe


async def _run(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with run_fake_stripe(port) as fake:
        print(f"fake Stripe listens on {fake.base_url}", flush=True)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="fake_stripe", description="A local fake of a part of Stripe's API")
    parser.add_argument("--port", type=int, default=8091, help="the port on 127.0.0.1; 0 chooses a free one")
    asyncio.run(_run(parser.parse_args().port))


if __name__ == "__main__":
    main()
