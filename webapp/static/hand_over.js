// On to Label Studio before the page has finished loading: then the browser keeps no step for it, and Back leads to where
// the person came from.
document.getElementById("hand-over").submit();
