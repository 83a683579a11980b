"""Encryption of stored secrets."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class WrongMasterKey(Exception):
    """No key of the keyring decrypts a stored secret."""


class Keyring:
    """Encrypts with the first master key and decrypts with any of them, which allows rotation.

    Keys are Fernet keys (32 bytes, URL-safe base64), as `ORYLO_MASTER_KEY` holds them, separated by commas.
    Raises `ValueError` for an invalid key.
    """

    def __init__(self, master_keys: Sequence[str]) -> None:
        if not master_keys:
            raise ValueError("at least one master key is required")
        self._first = Fernet(master_keys[0])
        self._fernet = MultiFernet([Fernet(key) for key in master_keys])

    @classmethod
    def parse(cls, setting: str) -> "Keyring":
        return cls([key.strip() for key in setting.split(",") if key.strip()])

    @staticmethod
    def generate() -> str:
        return Fernet.generate_key().decode()

    def encrypt(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """Raises `WrongMasterKey`."""
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            raise WrongMasterKey("ORYLO_MASTER_KEY does not decrypt the stored secrets") from None

    def decrypts(self, encrypted: bytes) -> bool:
        try:
            self.decrypt(encrypted)
        except WrongMasterKey:
            return False
        return True

    def encrypted_with_first(self, encrypted: bytes) -> bool:
        """Return whether the first key, which encrypts, also decrypts the secret."""
        try:
            self._first.decrypt(encrypted)
        except InvalidToken:
            return False
        return True

    def rotate(self, encrypted: bytes) -> bytes:
        """Return the secret encrypted with the first key. Raises `WrongMasterKey`."""
        return self.encrypt(self.decrypt(encrypted))
