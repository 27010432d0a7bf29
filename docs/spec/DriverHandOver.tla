--------------------------- MODULE DriverHandOver ---------------------------
(***************************************************************************)
(* A driver crosses the border between two partitions that different nodes *)
(* or regions write, and may come back.  The old owner durably writes OUT, *)
(* the driver's last record there; the other reads it in its copy of that  *)
(* log and writes IN.  An owner that hears nothing may write ASK; the      *)
(* other answers with a durable TOMB (tombstone), after which the driver   *)
(* is the first one's again, two epochs later.                             *)
(*                                                                         *)
(* Every message is a durable record of the sender's log, which the other  *)
(* reads at any time, again, or never: loss, repetition and reordering.    *)
(*                                                                         *)
(* The actions have the names they have in ModelDriverHandOver.java, which *)
(* explores this state machine in the build.                               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    FixCount,           \* numbers the phone sends: 1 .. FixCount
    EpochMax,           \* epochs of the driver; a hand-over needs two
    CrashMax,           \* crashes, of both writers together
    LogMax,             \* records a log may hold; 10 is enough for the rest
    \* Protections; FALSE takes one away.
    CheckEpoch,         \* FALSE: handover-without-epoch-check
    HandOverDurable,    \* FALSE: handover-before-durable
    TombstoneFirst,     \* FALSE: take-back-without-tombstone
    TombstoneDurable,   \* FALSE: take-back on an undurable tombstone
    Dedupe,             \* FALSE: no-dedupe
    AckDurable,         \* FALSE: ack-before-fsync
    NoLiveOffer         \* FALSE: hand-over during a live offer

VARIABLES
    log,                \* [P -> Seq(Record)]
    durable,            \* [P -> Nat]: records a crash cannot take
    acked,              \* SUBSET (1 .. FixCount)
    crashes             \* Nat

vars == <<log, durable, acked, crashes>>

P == {"A", "B"}
Other(p) == IF p = "A" THEN "B" ELSE "A"

(* One shape for all records; fields that mean nothing are 0. *)
Rec(kind, de, n) == [kind |-> kind, de |-> de, n |-> n]

(***************************************************************************)
(* What a log says of the driver.                                          *)
(***************************************************************************)
LastAt(s, kinds) ==
    LET found == {i \in 1 .. Len(s) : s[i].kind \in kinds}
    IN IF found = {} THEN 0 ELSE CHOOSE i \in found : \A j \in found : j <= i

(* The owner's log: IN is its last word on ownership. *)
IsOwner(s) == LastAt(s, {"IN"}) > LastAt(s, {"OUT"})
De(s) == IF LastAt(s, {"IN"}) = 0 THEN 0 ELSE s[LastAt(s, {"IN"})].de
Last(s) == IF LastAt(s, {"IN", "FIX"}) = 0 THEN 0 ELSE s[LastAt(s, {"IN", "FIX"})].n

(* Whether a de is higher than any seen here, of any kind. *)
IsNew(s, de) == \A i \in 1 .. Len(s) : s[i].kind \in {"IN", "OUT", "TOMB"} => s[i].de < de

(* The de under which the driver left and is not back, or 0. *)
Leaving(s) == IF LastAt(s, {"OUT"}) > LastAt(s, {"IN"}) THEN s[LastAt(s, {"OUT"})].de ELSE 0

HasOffer(s) == LastAt(s, {"OFFER"}) > LastAt(s, {"OFFER_ENDED"})
HadOffer(s) == LastAt(s, {"OFFER"}) > 0

DurablePart(p) == SubSeq(log[p], 1, durable[p])
Has(s, kind, de) == \E i \in 1 .. Len(s) : s[i].kind = kind /\ s[i].de = de

Append1(p, r) ==
    /\ Len(log[p]) < LogMax
    /\ log' = [log EXCEPT ![p] = Append(log[p], r)]

Init ==
    /\ log = [p \in P |-> IF p = "A" THEN <<Rec("IN", 1, 0)>> ELSE << >>]
    /\ durable = [p \in P |-> IF p = "A" THEN 1 ELSE 0]
    /\ acked = {}
    /\ crashes = 0

(***************************************************************************)
(* The owner.                                                              *)
(***************************************************************************)
Accept(p, n) ==
    /\ IsOwner(log[p])
    /\ (n = Last(log[p]) + 1) \/ ~Dedupe
    /\ Append1(p, Rec("FIX", De(log[p]), n))
    /\ UNCHANGED <<durable, acked, crashes>>

Offer(p) ==
    /\ IsOwner(log[p])
    /\ ~HadOffer(log["A"]) /\ ~HadOffer(log["B"])
    /\ Append1(p, Rec("OFFER", 0, 0))
    /\ UNCHANGED <<durable, acked, crashes>>

OfferEnds(p) ==
    /\ IsOwner(log[p])
    /\ HasOffer(log[p])
    /\ Append1(p, Rec("OFFER_ENDED", 0, 0))
    /\ UNCHANGED <<durable, acked, crashes>>

HandOut(p) ==
    /\ IsOwner(log[p])
    /\ ~HasOffer(log[p]) \/ ~NoLiveOffer
    /\ De(log[p]) + 2 <= EpochMax
    /\ Append1(p, Rec("OUT", De(log[p]) + 1, 0))
    /\ UNCHANGED <<durable, acked, crashes>>

(***************************************************************************)
(* The other, reading its copy of the first one's log.                     *)
(***************************************************************************)
Readable(p) == IF HandOverDurable THEN DurablePart(p) ELSE log[p]

InstallIn(p) ==
    LET from == Readable(Other(p))
    IN \E i \in 1 .. Len(from) :
        /\ from[i].kind = "OUT"
        /\ IsNew(log[p], from[i].de) \/ ~CheckEpoch
        /\ Append1(p, Rec("IN", from[i].de, Last(SubSeq(from, 1, i - 1))))
        /\ UNCHANGED <<durable, acked, crashes>>

Tombstone(p) ==
    LET from == Readable(Other(p))
    IN \E i \in 1 .. Len(from) :
        /\ from[i].kind = "ASK"
        /\ IsNew(log[p], from[i].de)
        /\ Append1(p, Rec("TOMB", from[i].de, 0))
        /\ UNCHANGED <<durable, acked, crashes>>

(***************************************************************************)
(* The one that gave the driver away and hears nothing.                    *)
(***************************************************************************)
Ask(p) ==
    /\ Leaving(log[p]) > 0
    /\ durable[p] = Len(log[p])
    /\ ~Has(log[p], "ASK", Leaving(log[p]))
    /\ Append1(p, Rec("ASK", Leaving(log[p]), 0))
    /\ UNCHANGED <<durable, acked, crashes>>

TakeBack(p) ==
    LET de == Leaving(log[p])
        answers == IF TombstoneDurable THEN DurablePart(Other(p)) ELSE log[Other(p)]
    IN /\ de > 0
       /\ durable[p] = Len(log[p])
       /\ Has(log[p], "ASK", de)
       /\ Has(answers, "TOMB", de) \/ ~TombstoneFirst
       /\ Append1(p, Rec("IN", de + 1, Last(log[p])))
       /\ UNCHANGED <<durable, acked, crashes>>

(***************************************************************************)
(* Any writer.                                                             *)
(***************************************************************************)
Flush(p) ==
    /\ durable[p] < Len(log[p])
    /\ durable' = [durable EXCEPT ![p] = Len(log[p])]
    /\ UNCHANGED <<log, acked, crashes>>

Ack(p, n) ==
    LET s == IF AckDurable THEN DurablePart(p) ELSE log[p]
    IN /\ n \notin acked
       /\ \E i \in 1 .. Len(s) : s[i].kind = "FIX" /\ s[i].n = n
       /\ acked' = acked \cup {n}
       /\ UNCHANGED <<log, durable, crashes>>

(* Also a region that is lost and whose peer takes its log over: Tenure.tla. *)
Crash(p) ==
    /\ crashes < CrashMax
    /\ \E k \in durable[p] .. Len(log[p]) :
        /\ k < Len(log[p])
        /\ log' = [log EXCEPT ![p] = SubSeq(log[p], 1, k)]
        /\ durable' = [durable EXCEPT ![p] = k]
    /\ crashes' = crashes + 1
    /\ UNCHANGED acked

Fair(p) == Flush(p) \/ InstallIn(p) \/ Tombstone(p) \/ TakeBack(p)

Next ==
    \E p \in P :
        \/ Fair(p)
        \/ HandOut(p) \/ Ask(p) \/ Crash(p) \/ Offer(p) \/ OfferEnds(p)
        \/ \E n \in 1 .. FixCount : Accept(p, n) \/ Ack(p, n)

Progress == \E p \in P : Fair(p)

Spec == Init /\ [][Next]_vars /\ WF_vars(Progress)

(***************************************************************************)
(* Invariants.                                                             *)
(***************************************************************************)
(* Positions of the visible record: durable fixes of both logs. *)
Fixes == {x \in P \X (1 .. LogMax) :
            /\ x[2] <= durable[x[1]]
            /\ log[x[1]][x[2]].kind = "FIX"}
DeOf(x) == log[x[1]][x[2]].de
NumberOf(x) == log[x[1]][x[2]].n

(* x comes before y in the lineage: by de, then by place in the log. *)
Before(x, y) == DeOf(x) < DeOf(y) \/ (x[1] = y[1] /\ DeOf(x) = DeOf(y) /\ x[2] < y[2])

I1_OneAcceptor == ~(IsOwner(log["A"]) /\ IsOwner(log["B"]))

I2_ActiveEpoch ==
    \A x \in Fixes : De(SubSeq(log[x[1]], 1, x[2] - 1)) = DeOf(x)

I3_I5_StrictlyIncreasing ==
    \A x \in Fixes : \A y \in Fixes :
        /\ Before(x, y) => NumberOf(x) < NumberOf(y)
        /\ x # y => NumberOf(x) # NumberOf(y)

I4_AcknowledgedIsThere == \A n \in acked : \E x \in Fixes : NumberOf(x) = n

I6_OneHistoryAnEpoch ==
    \A de \in 1 .. EpochMax :
        Cardinality({x \in P \X (1 .. LogMax) :
                        /\ x[2] <= Len(log[x[1]])
                        /\ log[x[1]][x[2]].kind = "IN"
                        /\ log[x[1]][x[2]].de = de}) <= 1

I7_OfferStays ==
    \A p \in P : HasOffer(log[p]) => ~IsOwner(log[Other(p)])

(* L1: a driver that was given away belongs to somebody in the end. *)
Owned == \E p \in P : IsOwner(DurablePart(p))
L1_EndsSomewhere == []<>Owned
=============================================================================
