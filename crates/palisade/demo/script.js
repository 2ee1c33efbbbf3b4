// Echo over a WebSocket, and the stock over a call: what the gateway has to let through unharmed.
const say = (id, text) => { const out = document.getElementById(id); if (out) out.textContent = text; };

const echo = document.getElementById("echo");
if (echo) {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/echo`);
  socket.addEventListener("open", () => { say("echo-out", "connected"); socket.send("hello"); });
  socket.addEventListener("message", (event) => say("echo-out", `echo: ${event.data}`));
  socket.addEventListener("close", () => say("echo-out", "closed"));
  echo.addEventListener("submit", (event) => {
    event.preventDefault();
    socket.send(new FormData(echo).get("words"));
  });
}

const stock = document.getElementById("stock");
if (stock) {
  fetch("/api/books").then((answer) => answer.json()).then((books) => say("stock", `${books.length} books in stock`));
}
