"""A bucket of S3-compatible storage (AWS, MinIO, Ceph and others): its objects, those whose key begins with a prefix.

Key and ETag say which object it is: one that is written anew is a new file. It is fetched under its ETag, so that it is
the very one that was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from annotation.errors import Refused, Unreachable
from annotation.sources.base import Found, Gone, Json, Settings, Text, host_allowed, shown, too_large
from annotation.sources.secret_files import NAME, secret

CHUNK = 1 << 20
CONNECT, READ = 10, 60  # seconds
TAG = {"Key": "docloop", "Value": "taken"}
GONE = {"404", "NoSuchKey", "NotFound", "412", "PreconditionFailed"}  # or written anew
# what waiting may mend, of what is said to be the caller's fault
BUSY = {"RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "TooManyRequests", "OperationAborted"}
# what waiting doesn't mend
OURS = {
    "NoSuchBucket": "there is no such bucket",
    "404": "there is no such bucket",
    "AccessDenied": "the key may not do that",
    "403": "the key may not do that",
    "InvalidAccessKeyId": "there is no such key",
    "SignatureDoesNotMatch": "the secret is not that of the key",
    "InvalidBucketName": "that is no name of a bucket",
    "PermanentRedirect": "the bucket is in another region, or at another address",
    "AuthorizationHeaderMalformed": "the region is another one",
    "InvalidObjectState": "the object is in an archive; restore it and try again",
}


class BucketSettings(Settings):
    """A bucket, how to get there, and what becomes of an object that was taken."""

    kind: Literal["bucket"] = "bucket"
    endpoint: Text = Field(description="https://s3.eu-central-1.amazonaws.com, or that of MinIO, Ceph …")
    region: str = Field("us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    bucket: str = Field(pattern=r"^[A-Za-z0-9._-]{3,63}$")
    prefix: str = Field(
        "",
        pattern=r"^[^\x00-\x1f\x7f]{0,250}$",
        description="Only objects whose key begins so: inbox/. Empty: all",
    )
    access_key: str = Field(pattern=r"^[\x21-\x7e]{1,128}$", description="The key's id, which is no secret")
    secret: str = Field(pattern=NAME, description="The file with the secret key, in DOCLOOP_SOURCE_SECRETS")
    after: Literal["leave", "tag", "move"] = Field(
        "leave", description="An object that was taken is left as it is, tagged docloop=taken, or moved"
    )
    move_to: Text = Field("taken/", description="What the keys of those begin with that are moved")

    def check(self) -> None:
        """Raise `Refused` unless it may be called and there is a secret; nobody is called."""
        try:
            parts = urlsplit(self.endpoint)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise Refused("this is no address: it begins with https:// or http://") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise Refused("the endpoint begins with https:// or http://, and holds no user and password")
        if parts.path.strip("/") or parts.query:
            raise Refused("the endpoint is an address alone; the bucket's name stands apart")
        host_allowed(parts.hostname, port)
        secret(self.secret)

    @property
    def told(self) -> str:
        """Where it is, in a line."""
        return f"{self.bucket}/{self.prefix} at {urlsplit(self.endpoint).netloc}"


class Bucket:
    """See `base.Place`."""

    twice = False

    def __init__(
        self, wanted: BucketSettings, client: Any
    ) -> None:  # boto3 makes its clients' classes at run time
        self.wanted = wanted
        self.client = client
        self.leaves = wanted.after == "leave"

    def look(self, cursor: Json) -> Iterator[tuple[list[Found], Json]]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.wanted.bucket, Prefix=self.wanted.prefix
        )
        pages = iter(pages)
        while True:
            with _told(self.wanted):
                page = next(pages, None)
            if page is None:
                return
            yield [self._found(each) for each in page.get("Contents", []) if self._is_file(each["Key"])], {}

    def _is_file(self, key: str) -> bool:
        moved = self.wanted.after == "move" and key.startswith(self.wanted.move_to)
        return not key.endswith("/") and not moved and "\0" not in key  # which no database takes

    def _found(self, listed: Json) -> Found:
        key, etag = listed["Key"], listed["ETag"]
        return Found((key, etag), shown(key), {"key": key, "etag": etag, "size": listed["Size"]})

    def fetch(self, place: Json, target: Path, most: int) -> None:
        if place["size"] > most:
            raise too_large(place["key"], most)
        with _told(self.wanted, place["key"]):
            answer = self.client.get_object(
                Bucket=self.wanted.bucket, Key=place["key"], IfMatch=place["etag"]
            )
            with closing(answer["Body"]) as content, target.open("wb") as copy:
                left = most
                for chunk in content.iter_chunks(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise too_large(place["key"], most)
                    copy.write(chunk)

    def settle(self, place: Json) -> None:
        at = {"Bucket": self.wanted.bucket, "Key": place["key"]}
        try:
            with _told(self.wanted, place["key"]):
                if self.client.head_object(**at)["ETag"] != place["etag"]:
                    return  # written anew: it is taken as that, and marked then
                if self.wanted.after == "tag":
                    tags = self.client.get_object_tagging(**at)["TagSet"]
                    others = [each for each in tags if each["Key"] != TAG["Key"]]
                    self.client.put_object_tagging(**at, Tagging={"TagSet": [*others, TAG]})
                else:
                    self._move(place, at)
        except Gone:  # moved already, or by somebody else
            return

    def _move(self, place: Json, at: Json) -> None:
        """Copied under its ETag; only what is in the copy is deleted."""
        target = self.wanted.move_to + place["key"]
        self.client.copy_object(
            Bucket=self.wanted.bucket, Key=target, CopySource=at, CopySourceIfMatch=place["etag"]
        )
        if self.client.head_object(**at)["ETag"] == place["etag"]:
            self.client.delete_object(**at)


@contextmanager
def opened(wanted: BucketSettings) -> Iterator[Bucket]:
    """A client with the source's own keys, and none of this machine's."""
    # here and not above: it takes a second and 40 MB, in every process that knows how sources are called
    import boto3
    from botocore.config import Config

    wanted.check()
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=wanted.endpoint,
        region_name=wanted.region,
        aws_access_key_id=wanted.access_key,
        aws_secret_access_key=secret(wanted.secret),
        config=Config(
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"mode": "standard", "max_attempts": 2},
            s3={"addressing_style": "path"},  # the bucket is no part of the host's name, which was allowed
            # others than AWS don't know the newer checksums
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    try:
        with _told(wanted):  # so that a wrong key is the source's fault, and not that of each object
            client.head_bucket(Bucket=wanted.bucket)
        yield Bucket(wanted, client)
    finally:
        client.close()


@contextmanager
def _told(wanted: BucketSettings, key: str = "") -> Iterator[None]:
    """What a storage or the way to it does wrong, in our words: its own may hold anything."""
    from botocore.exceptions import BotoCoreError, ClientError

    server = urlsplit(wanted.endpoint).netloc
    try:
        yield
    except ClientError as problem:
        code = str(problem.response.get("Error", {}).get("Code", ""))
        status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if key and code in GONE:
            raise Gone(f"{shown(key)!r} is not in the bucket any more, or is another object") from None
        if code in BUSY or not 400 <= status < 500:
            raise Unreachable(f"{server} did not do what was asked ({code[:40] or status})") from None
        what = repr(shown(key)) if key else f"bucket {wanted.bucket} at {server}"
        raise Refused(f"{what}: {OURS.get(code, f'it is refused ({code[:40]})')}") from None
    except BotoCoreError as problem:
        raise Unreachable(f"{server} does not answer ({type(problem).__name__})") from None
