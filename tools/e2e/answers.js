// Counts in window.answers how often the page has got to the end of an answer, whatever that was.
{
  const get = window.fetch;
  window.asked = window.answers = 0;
  const count = () => setTimeout(() => answers++); // after the page has acted on it
  window.fetch = async (...a) => {
    asked++;
    const answer = await get(...a);
    if (!answer.ok) count();
    const reader = answer.body.getReader(), read = reader.read.bind(reader), cancel = reader.cancel.bind(reader);
    reader.read = async () => { const piece = await read(); if (piece.done) count(); return piece };
    reader.cancel = () => { count(); return cancel() };
    answer.body.getReader = () => reader;
    return answer;
  };
}
