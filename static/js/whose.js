// A browser has one sign-in for all its tabs: when somebody else's page is opened in another, or
// this one is looked at again, the page asks whether it still is its reader's.
const mine = document.getElementById("ask")?.dataset.member;
const tabs = new BroadcastChannel("hall-whose");
const ask = () => document.body.dispatchEvent(new CustomEvent("hall:whose"));

tabs.addEventListener("message", (event) => event.data !== mine && ask());
tabs.postMessage(mine);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
addEventListener("pageshow", (event) => event.persisted && ask());
