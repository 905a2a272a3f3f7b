// jobs.js - what may be asked of jobs: which have ended, which are to be offered
// again. No DOM here.

export const ended = (job) => !["queued", "running"].includes(job.state);

/** Later is more: a job never goes back. */
export const stageOf = (job) => (job.state === "queued" ? 0 : job.state === "running" ? 1 : 2);

export const isUnfinished = (job) => job.state === "interrupted" ||
  (job.kind === "compose" && job.state === "failed");

/** Those to be offered again. Of the answers to a message only the last try
 *  counts; every picture does. */
export function unfinished(rows) {
  const sorted = [...rows].sort((a, b) => a.id - b.id);
  const last = new Map(sorted.map((j) => [j.kind === "compose" ? j.message : null, j.id]));
  return sorted.filter((j) => isUnfinished(j) &&
    (j.kind !== "compose" || last.get(j.message) === j.id));
}

/** Whether nobody has to hear of `j` any more now that there is `job`: a good
 *  picture ends the talk of those before it that failed or were cancelled;
 *  asking for an answer again that of the last try. */
export function isOutdone(j, job) {
  if (j.id >= job.id || j.kind !== job.kind || !ended(j) || j.state === "done") return false;
  return job.kind === "compose" ? j.message === job.message && j.state !== "cancelled"
    : job.state === "done" && j.state !== "interrupted";
}

/** Numbers begin anew in another folder of data. */
export const nameOfJob = (job) => `${job.id} ${job.created ?? ""}`;
