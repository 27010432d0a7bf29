------------------------------- MODULE Tenure -------------------------------
(***************************************************************************)
(* Who writes the log of a home region, and who has copies of it.  Two     *)
(* members, A at home.  A register at a witness says term, primary and     *)
(* copies; it changes only by compare-and-set of its version.  Members     *)
(* learn of it late; what they asked of it arrives late, again, or after   *)
(* they crashed, and is void when the version is another by then.          *)
(*                                                                         *)
(* An entry of a log is the term it was written in; its number is its      *)
(* place.  A message of a term carries what is durable at its sender, and  *)
(* within a term that only grows, so reading the sender's log later stands *)
(* for every delayed, repeated or reordered message.                       *)
(*                                                                         *)
(* What RangeMove and DriverHandOver rely on: a log whose region fails     *)
(* over keeps a prefix that contains all that was acknowledged, and the    *)
(* deposed member acknowledges nothing more.                               *)
(*                                                                         *)
(* The actions have the names they have in ModelTenure.java, which         *)
(* explores this state machine in the build.                               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    EntryMax,               \* entries a log holds
    ChangeMax,              \* changes of the register that nobody needed
    CrashMax,
    Deaths,                 \* whether one member may be gone for good
    StartsAway,             \* whether B is the first primary
    Geo,                    \* TRUE: acknowledged in two regions; FALSE: on one disk
    \* Protections; FALSE takes one away.
    Fence,                  \* FALSE: failover-without-fence
    CopyDurable,            \* FALSE: copy-undurable (harmless here, see NewTermAfterRestart)
    AckDurable,             \* FALSE: ack-before-fsync
    AckCopied,              \* FALSE: acknowledged before the copies confirmed
    OnlyCopiesTakeOver,     \* FALSE: a member that is no copy takes over
    JoinComplete,           \* FALSE: a copy counts before it has everything
    JoinRequired,           \* FALSE: a copy counts before it is waited for
    HandBackComplete,       \* FALSE: handed back before home has everything
    NewTermAfterRestart,    \* FALSE: a restarted primary goes on in its term
    MayTakeOver,            \* FALSE: nobody takes over (breaks L1)
    MayDrop                 \* FALSE: a dead copy is waited for (breaks L1)

VARIABLES
    register,       \* [version, term, primary, copies]
    known,          \* [P -> register as last read]; version 0: nothing
    log, durable,
    confirmed,      \* [P -> Nat]: by the other, in this term, + 1; 0: nothing yet
    requiring,      \* SUBSET P: primaries that wait for the other already
    releasing,      \* SUBSET P: primaries that accept nothing more
    stale,          \* SUBSET P: restarted primaries whose term is over
    wishes,         \* SUBSET (P \X Wishes), of the present version
    acked,          \* [1 .. EntryMax -> term, or 0]
    changes, crashes, dead,
    takeOverTerm    \* of the last takeover, or 0

regVars == <<register, wishes, changes, takeOverTerm>>
roleVars == <<known, confirmed, requiring, releasing, stale>>
logVars == <<log, durable>>
faultVars == <<crashes, dead>>
vars == <<regVars, roleVars, logVars, acked, faultVars>>

P == {"A", "B"}
Other(p) == IF p = "A" THEN "B" ELSE "A"
Wishes == {"TakeOver", "Drop", "Join", "HandBack", "BeginAgain"}
Nothing == [version |-> 0, term |-> 0, primary |-> "A", copies |-> {}]

Max(a, b) == IF a >= b THEN a ELSE b
Min(a, b) == IF a <= b THEN a ELSE b

First == [version |-> 1, term |-> 1,
          primary |-> IF StartsAway THEN "B" ELSE "A", copies |-> P]

Init ==
    /\ register = First
    /\ known = [p \in P |-> First]
    /\ log = [p \in P |-> << >>]
    /\ durable = [p \in P |-> 0]
    /\ confirmed = [p \in P |-> 0]
    /\ requiring = {}
    /\ releasing = {}
    /\ stale = {}
    /\ wishes = {}
    /\ acked = [n \in 1 .. EntryMax |-> 0]
    /\ changes = 0
    /\ crashes = 0
    /\ dead = {}
    /\ takeOverTerm = 0

(***************************************************************************)
(* The primary, as far as it knows.                                        *)
(***************************************************************************)
IsPrimary(p) ==
    /\ known[p].version > 0
    /\ known[p].primary = p
    /\ p \notin stale \/ ~NewTermAfterRestart

(* How much of its log a primary may acknowledge. *)
Safe(p) ==
    LET own == IF AckDurable THEN durable[p] ELSE Len(log[p])
        waits == known[p].copies = P \/ p \in requiring
    IN IF Geo /\ waits /\ AckCopied
       THEN Min(own, IF confirmed[p] = 0 THEN 0 ELSE confirmed[p] - 1)
       ELSE own

Flush(p) ==
    /\ p \notin dead
    /\ durable[p] < Len(log[p])
    /\ durable' = [durable EXCEPT ![p] = Len(log[p])]
    /\ UNCHANGED <<log, regVars, roleVars, acked, faultVars>>

Accept(p) ==
    /\ p \notin dead
    /\ IsPrimary(p)
    /\ p \notin releasing
    /\ \/ durable[p] = Len(log[p])
       \/ Len(log[p]) > 0 /\ log[p][Len(log[p])] = known[p].term
    /\ Len(log[p]) < EntryMax
    /\ log' = [log EXCEPT ![p] = Append(log[p], known[p].term)]
    /\ UNCHANGED <<durable, regVars, roleVars, acked, faultVars>>

Ack(p, n) ==
    /\ p \notin dead
    /\ IsPrimary(p)
    /\ n <= Safe(p)
    /\ acked[n] = 0
    /\ acked' = [acked EXCEPT ![n] = log[p][n]]
    /\ UNCHANGED <<regVars, roleVars, logVars, faultVars>>

(***************************************************************************)
(* The copy q, as the messages of primary p reach it.                      *)
(***************************************************************************)
(* How long the two logs are the same. *)
CommonLengths ==
    {k \in 0 .. Min(Len(log["A"]), Len(log["B"])) :
        \A j \in 1 .. k : log["A"][j] = log["B"][j]}
Common == CHOOSE k \in CommonLengths : \A j \in CommonLengths : j <= k

FenceOf(q) ==
    Max(known[q].term, IF Len(log[q]) = 0 THEN 0 ELSE log[q][Len(log[q])])

IsFenced(q) ==
    LET p == Other(q)
    IN \/ FenceOf(q) > known[p].term
       \/ known[q].primary = q /\ known[q].term = known[p].term

Listens(q) ==
    /\ q \notin dead
    /\ known[q].version > 0
    /\ IsPrimary(Other(q))

Takes(q) ==
    /\ Listens(q)
    /\ ~IsFenced(q)
    /\ known[q].primary # q

Sent(p) == IF CopyDurable THEN durable[p] ELSE Len(log[p])

(* What the primary never had, and never will, goes to the quarantine. *)
CutOff(q) ==
    LET p == Other(q)
    IN /\ Takes(q)
       /\ Common < Len(log[q])
       /\ Common < Sent(p) \/ log[q][Common + 1] < known[p].term
       /\ log' = [log EXCEPT ![q] = SubSeq(log[q], 1, Common)]
       /\ durable' = [durable EXCEPT ![q] = Min(durable[q], Common)]
       /\ UNCHANGED <<regVars, roleVars, acked, faultVars>>

Copy(q) ==
    LET p == Other(q)
    IN /\ Takes(q)
       /\ Common = Len(log[q])
       /\ Common < Sent(p)
       /\ log' = [log EXCEPT ![q] = Append(log[q], log[p][Common + 1])]
       /\ UNCHANGED <<durable, regVars, roleVars, acked, faultVars>>

Confirm(q) ==
    LET p == Other(q)
    IN /\ Takes(q)
       /\ Common = Len(log[q])
       /\ confirmed[p] < durable[q] + 1
       /\ confirmed' = [confirmed EXCEPT ![p] = durable[q] + 1]
       /\ UNCHANGED <<known, requiring, releasing, stale>>
       /\ UNCHANGED <<regVars, logVars, acked, faultVars>>

(* Without a fence: not appended, and confirmed all the same. *)
ConfirmUnfenced(q) ==
    LET p == Other(q)
    IN /\ ~Fence
       /\ Listens(q)
       /\ IsFenced(q)
       /\ confirmed[p] < durable[p] + 1
       /\ confirmed' = [confirmed EXCEPT ![p] = durable[p] + 1]
       /\ UNCHANGED <<known, requiring, releasing, stale>>
       /\ UNCHANGED <<regVars, logVars, acked, faultVars>>

(***************************************************************************)
(* The register, and what members ask of it.                               *)
(***************************************************************************)
Learn(p) ==
    LET first == known[p].version = 0
        same == known[p].term = register.term
        over == first \/ (p \in stale /\ same)
    IN /\ p \notin dead
       /\ known[p].version # register.version
       /\ known' = [known EXCEPT ![p] = register]
       /\ confirmed' = [confirmed EXCEPT ![p] = IF same THEN confirmed[p] ELSE 0]
       /\ requiring' = requiring \ {p}
       /\ releasing' = releasing \ {p}
       /\ stale' = IF over /\ register.primary = p THEN stale \cup {p} ELSE stale \ {p}
       /\ UNCHANGED <<regVars, logVars, acked, faultVars>>

IsDead(p) == p \in dead
IsFree == changes < ChangeMax
UpToDate(p) == p \notin dead /\ known[p].version = register.version

Send(p, wish) ==
    /\ <<p, wish>> \notin wishes
    /\ wishes' = wishes \cup {<<p, wish>>}
    /\ requiring' = IF wish = "Join" /\ JoinRequired
                    THEN requiring \cup {p}
                    ELSE requiring
    /\ UNCHANGED <<register, changes, takeOverTerm>>
    /\ UNCHANGED <<known, confirmed, releasing, stale>>
    /\ UNCHANGED <<logVars, acked, faultVars>>

SendTakeOver(p) ==
    /\ UpToDate(p)
    /\ known[p].primary # p
    /\ known[p].copies = P \/ ~OnlyCopiesTakeOver
    /\ IsFree \/ IsDead(Other(p))
    /\ Send(p, "TakeOver")

SendBeginAgain(p) ==
    /\ UpToDate(p)
    /\ known[p].primary = p
    /\ p \in stale
    /\ Send(p, "BeginAgain")

SendDrop(p) ==
    /\ UpToDate(p)
    /\ known[p].primary = p
    /\ p \notin stale
    /\ known[p].copies = P
    /\ IsFree \/ IsDead(Other(p))
    /\ Send(p, "Drop")

SendJoin(p) ==
    /\ UpToDate(p)
    /\ known[p].primary = p
    /\ p \notin stale
    /\ known[p].copies = {p}
    /\ ~IsDead(Other(p))
    /\ confirmed[p] >= durable[p] + 1 \/ ~JoinComplete
    /\ Send(p, "Join")

Release(p) ==
    /\ UpToDate(p)
    /\ known[p].primary = p
    /\ p \notin stale
    /\ known[p].copies = P
    /\ p # "A"
    /\ p \notin releasing
    /\ IsFree
    /\ releasing' = releasing \cup {p}
    /\ UNCHANGED <<known, confirmed, requiring, stale>>
    /\ UNCHANGED <<regVars, logVars, acked, faultVars>>

SendHandBack(p) ==
    /\ UpToDate(p)
    /\ known[p].primary = p
    /\ p \notin stale
    /\ known[p].copies = P
    /\ p \in releasing
    /\ confirmed[p] = Len(log[p]) + 1 \/ ~HandBackComplete
    /\ Send(p, "HandBack")

Granted(p, wish) ==
    LET r == register
        next == r.version + 1
    IN CASE wish = "TakeOver" ->
                [version |-> next, term |-> r.term + 1, primary |-> p, copies |-> {p}]
         [] wish = "Drop" ->
                [version |-> next, term |-> r.term, primary |-> r.primary, copies |-> {p}]
         [] wish = "Join" ->
                [version |-> next, term |-> r.term, primary |-> r.primary, copies |-> P]
         [] wish = "HandBack" ->
                [version |-> next, term |-> r.term + 1, primary |-> "A", copies |-> r.copies]
         [] wish = "BeginAgain" ->
                [version |-> next, term |-> r.term + 1, primary |-> r.primary, copies |-> r.copies]

(* The compare-and-set took effect; all other wishes are void by that. *)
Apply(p, wish) ==
    LET unneeded == \/ wish = "HandBack"
                    \/ wish \in {"TakeOver", "Drop"} /\ ~IsDead(Other(p))
    IN /\ <<p, wish>> \in wishes
       /\ register' = Granted(p, wish)
       /\ wishes' = {}
       /\ changes' = IF unneeded THEN changes + 1 ELSE changes
       /\ takeOverTerm' = IF wish = "TakeOver" THEN register.term + 1 ELSE takeOverTerm
       /\ UNCHANGED <<roleVars, logVars, acked, faultVars>>

(***************************************************************************)
(* What goes wrong.                                                        *)
(***************************************************************************)
Crash(p) ==
    /\ crashes < CrashMax
    /\ p \notin dead
    /\ known[p].version > 0
    /\ \E k \in durable[p] .. Len(log[p]) :
        /\ log' = [log EXCEPT ![p] = SubSeq(log[p], 1, k)]
        /\ durable' = [durable EXCEPT ![p] = k]
    /\ known' = [known EXCEPT ![p] = Nothing]
    /\ confirmed' = [confirmed EXCEPT ![p] = 0]
    /\ requiring' = requiring \ {p}
    /\ releasing' = releasing \ {p}
    /\ stale' = stale \ {p}
    /\ crashes' = crashes + 1
    /\ UNCHANGED <<regVars, acked, dead>>

DieForGood(p) ==
    /\ Deaths
    /\ dead = {}
    /\ dead' = {p}
    /\ UNCHANGED <<regVars, roleVars, logVars, acked, crashes>>

(***************************************************************************)
(* Behaviours.                                                             *)
(***************************************************************************)
Progress ==
    \E p \in P :
        \/ Flush(p) \/ CutOff(p) \/ Copy(p) \/ Confirm(p) \/ Learn(p)
        \/ SendBeginAgain(p) \/ SendJoin(p) \/ SendHandBack(p)
        \/ IsDead(Other(p)) /\ MayTakeOver /\ SendTakeOver(p)
        \/ IsDead(Other(p)) /\ MayDrop /\ SendDrop(p)
        \/ \E wish \in Wishes : Apply(p, wish)

Next ==
    \/ Progress
    \/ \E p \in P :
        \/ Accept(p) \/ SendTakeOver(p) \/ SendDrop(p) \/ Release(p)
        \/ ConfirmUnfenced(p) \/ Crash(p) \/ DieForGood(p)
        \/ \E n \in 1 .. EntryMax : Ack(p, n)

Spec == Init /\ [][Next]_vars /\ WF_vars(Progress)

(***************************************************************************)
(* Invariants.                                                             *)
(***************************************************************************)
I1_OnePrimaryATerm ==
    ~(IsPrimary("A") /\ IsPrimary("B") /\ known["A"].term = known["B"].term)

I2_TermsGrow ==
    \A p \in P : \A k \in 1 .. Len(log[p]) : k > 1 => log[p][k - 1] <= log[p][k]

(* Logs that agree on an entry agree on all before it. *)
I6_LogsMatch ==
    \A k \in 1 .. Min(Len(log["A"]), Len(log["B"])) :
        log["A"][k] = log["B"][k] => k <= Common

Holds(p, n) == n <= durable[p] /\ log[p][n] = acked[n]

(* In two regions: every member that could go on has all of it.  On one    *)
(* disk: gone only by a takeover in a later term, which reports a gap.     *)
I4_AcknowledgedIsThere ==
    \A n \in 1 .. EntryMax :
        acked[n] > 0 =>
            IF Geo
            THEN \A p \in register.copies : Holds(p, n)
            ELSE Holds(register.primary, n) \/ acked[n] < takeOverTerm

(***************************************************************************)
(* Liveness: in the end somebody serves, and all it accepted can be        *)
(* acknowledged; unless the only member that has everything is gone.       *)
(***************************************************************************)
IsServed ==
    LET p == register.primary
    IN /\ p \notin dead
       /\ known[p].version = register.version
       /\ IsPrimary(p)
       /\ p \notin releasing
       /\ Safe(p) = Len(log[p])

IsBeyondHelp == register.primary \in dead /\ register.copies # P

L1_ServedInTheEnd == []<>(IsServed \/ IsBeyondHelp)
=============================================================================
