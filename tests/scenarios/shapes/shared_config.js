// The first script of a rule: what it declares, the next one uses.
const CONFIG = { operator: "operator", hold: "Please hold the line" };
var attempts = 0;
function describe(event) { return event.name + ":" + (event.code || event.internalCode || 0); }
class Phrase { constructor(text) { this.text = text; } toString() { return this.text; } }
