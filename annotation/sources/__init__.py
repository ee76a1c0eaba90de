"""Files that come by themselves: a folder, a mailbox or a bucket, looked at again and again; each file taken in once.

- `looking`: a source in, a row (`Arrival`) out for every file that it has and had not before;
- `taking`: waiting rows in, documents out, and the source told of it; what can't be taken is a dead letter;
- `pressure`: whether anything may be looked for or taken now;
- `keeping`: sources made and changed, and dead letters tried again, by people;
- `folder`, `mailbox`, `bucket`: the kinds, each with its settings and one class (`base.Place`) for a source that is open.
"""
