/** Somebody's own account at a hub: how they are told what waits, how they log in, and from where. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, ApiFault, told } from "../../api";
import { type Account, asked } from "../../api/account";
import { Command } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Channels } from "./channels";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";
import { Tokens } from "./tokens";

import "./account.css";

export function AccountPage() {
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => told(api.GET("/me", { signal })),
    staleTime: Infinity,
  });
  if (me.data?.how === "local") return <OwnMachine />;
  const isTooLittle = me.error instanceof ApiFault && me.error.code === "accounts.factor_needed";
  return <AtHub isKnown={!me.isPending} isTooLittle={isTooLittle} />;
}

/** There is no account where one person's own machine answers. */
function OwnMachine() {
  return (
    <Page title="Your account" className="account">
      <section className="card">
        <h2>Nobody has to log in here</h2>
        <p>
          This server answers your own machine alone. Accounts, second factors and tokens are a
          hub’s, which answers a team: <Command text="afield hub --help" />
        </p>
      </section>
      <section className="card">
        <h2>Being told</h2>
        <p>
          What waits for you stands in your inbox. To have it brought as well, outside of your quiet
          hours, by mail, chat and a hundred other services:
        </p>
        <Command text={'AFIELD_NOTIFY="mailto://…" afield up --notify'} />
      </section>
    </Page>
  );
}

interface AtHubProps {
  isKnown: boolean;
  /** They came with a password alone, where that is not enough: a factor comes before all else. */
  isTooLittle: boolean;
}

function AtHub({ isKnown, isTooLittle }: AtHubProps) {
  const found = useQuery({
    queryKey: ["account"],
    queryFn: ({ signal }) => asked<Account>("GET", "/account", undefined, signal),
    enabled: isKnown,
  });
  return (
    <Page title="Your account" className="account" tools={<LogOut />}>
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {found.data && (
        <>
          {isTooLittle ? (
            <p role="status">
              This hub lets nobody in with a password alone. Set up a second factor, or log in by a
              passkey from now on.
            </p>
          ) : (
            <Channels />
          )}
          <SecondFactor account={found.data} />
          <Passkeys />
          {!isTooLittle && (
            <>
              <Password account={found.data} />
              <Sessions />
              <Tokens />
            </>
          )}
        </>
      )}
    </Page>
  );
}

function LogOut() {
  const queries = useQueryClient();
  const leave = useMutation({
    mutationFn: () => asked("POST", "/logout"),
    onSettled: () => {
      queries.clear();
      location.assign("/login");
    },
  });
  return (
    <button
      type="button"
      className="button"
      disabled={leave.isPending}
      onClick={() => leave.mutate()}
    >
      Log out
    </button>
  );
}
