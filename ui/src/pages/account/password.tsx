/** Another password for the own account. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Account, asked } from "../../api/account";
import { forgetSession } from "../../api/send";
import { Refusal } from "./refusal";

export function Password({ account }: { account: Account }) {
  const queries = useQueryClient();
  const [before, setBefore] = useState("");
  const [after, setAfter] = useState("");
  const change = useMutation({
    mutationFn: () => asked("POST", "/account/password", { before, after }),
    onSuccess: async () => {
      forgetSession();
      setBefore("");
      setAfter("");
      await queries.invalidateQueries({ queryKey: ["account"] });
    },
  });
  if (!account.password) return null;
  return (
    <section className="card" aria-label="Password">
      <h2>Password</h2>
      <form
        className="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <input type="hidden" autoComplete="username" value={account.username} readOnly />
        <label>
          Of now
          <input
            required
            type="password"
            autoComplete="current-password"
            value={before}
            onChange={(event) => setBefore(event.target.value)}
          />
        </label>
        <label>
          The next
          <input
            required
            type="password"
            autoComplete="new-password"
            minLength={12}
            maxLength={256}
            value={after}
            onChange={(event) => setAfter(event.target.value)}
          />
        </label>
        <button type="submit" className="button" disabled={change.isPending}>
          Set it
        </button>
        {change.isSuccess && <p role="status">It is set; your other sessions have ended.</p>}
        <Refusal error={change.error} />
      </form>
    </section>
  );
}
