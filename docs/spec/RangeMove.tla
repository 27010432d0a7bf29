------------------------------ MODULE RangeMove ------------------------------
(***************************************************************************)
(* A range moves from its source to a target: SEAL-SUCCEED.  With several  *)
(* sources the move is a merge: the child opens after all its parents      *)
(* drained.  A move that was given up (ABORT) may be followed by another.  *)
(*                                                                         *)
(* Driver i is in the part of the range that source i owns.  Phones send   *)
(* any number at any time, as often as they like.  Proposals reach the     *)
(* control stream late, again, or after whoever made them died: a          *)
(* coordinator has no state of its own, so its crash is no action here.    *)
(* A crash keeps any prefix that contains what was durable; a region that  *)
(* fails over to its peer does the same (Tenure.tla says why).             *)
(*                                                                         *)
(* The actions have the names they have in ModelRangeMove.java, which      *)
(* explores this state machine in the build.                               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    ParentCount,        \* sources: 1, or more for a merge
    FixCount,           \* numbers each driver sends: 1 .. FixCount
    MigrationCount,     \* attempts; all but the last must be given up
    CrashMax,           \* crashes of any writer, together
    LogMax,             \* records a log may hold; 10 is enough for the rest
    FailOvers,          \* whether one source's region may be lost for good
    Deaths,             \* whether a target may be gone for good
    \* Protections; FALSE takes one away.
    SealHolds,          \* FALSE: timer-reopens
    DrainFirst,         \* FALSE: open-before-drained
    DrainAllParents,    \* FALSE: a merge opens after its first parent
    ServeAfterActive,   \* FALSE: serving-before-active
    Dedupe,             \* FALSE: no-dedupe
    AckDurable,         \* FALSE: ack-before-fsync
    SealDurable,        \* FALSE: undurable-seal
    CopyDurable,        \* FALSE: copy-undurable
    OpenWithState,      \* FALSE: open-without-state
    ControlFirst,       \* FALSE: blind-reactivation
    FenceFirst,         \* FALSE: failover-without-fence
    CompareAndSet,      \* FALSE: a stale proposal takes effect
    CompareHashes,      \* second line behind DrainFirst and CopyDurable
    MayReplace          \* FALSE: nobody replaces a dead target (breaks L1)

VARIABLES
    table,              \* where the range stands, says the control stream
    migration,          \* the attempt, 0 before the first
    target,             \* 1 or 2
    seal,               \* [Sources -> Nat]: offset of the SEAL, 0: none
    reachedSealing,     \* SUBSET Migrations: a SEAL of it may come late
    reachedAborting,    \* SUBSET Migrations: an ABORT of it may come late
    sourceLog, sourceDurable,
    targetLog, targetDurable,
    staged,             \* [Targets -> [Sources -> Nat]]: read so far + 1, 0: no copy
    stagedLast,         \* [Targets -> [Sources -> Nat]]: last number in the copy
    acked,              \* [Sources -> SUBSET (1 .. FixCount)]
    sealedProposal,     \* [Migrations -> [Sources -> Nat]], 0: none
    giveUpProposal,     \* SUBSET Migrations
    activeProposal,     \* SUBSET Targets
    crashes,
    failedOver,         \* SUBSET Sources
    dead                \* SUBSET Targets

tableVars == <<table, migration, target, seal, reachedSealing, reachedAborting>>
logVars == <<sourceLog, sourceDurable, targetLog, targetDurable>>
copyVars == <<staged, stagedLast>>
proposalVars == <<sealedProposal, giveUpProposal, activeProposal>>
faultVars == <<crashes, failedOver, dead>>
vars == <<tableVars, logVars, copyVars, acked, proposalVars, faultVars>>

Sources == 1 .. ParentCount
Targets == {1, 2}
Migrations == 1 .. MigrationCount
Numbers == 1 .. FixCount

Max(a, b) == IF a >= b THEN a ELSE b
Min(a, b) == IF a <= b THEN a ELSE b

(* One shape for all records.  last: what an OPEN says of each driver. *)
NoLast == [i \in Sources |-> 0]
Fix(i, n, e) == [kind |-> "FIX", driver |-> i, n |-> n, epoch |-> e, last |-> NoLast]
Mark(kind, m) == [kind |-> kind, driver |-> 0, n |-> m, epoch |-> 0, last |-> NoLast]
OpenRec(last) == [kind |-> "OPEN", driver |-> 0, n |-> 0, epoch |-> 2, last |-> last]

(* Offsets begin at 1; 0 means that there is none. *)
FirstOf(s, kind, m) ==
    LET found == {k \in 1 .. Len(s) : s[k].kind = kind /\ s[k].n = m}
    IN IF found = {} THEN 0 ELSE CHOOSE k \in found : \A j \in found : k <= j

OpenAt(t) == FirstOf(targetLog[t], "OPEN", 0)
OpenBackAt(i) == FirstOf(sourceLog[i], "OPEN_BACK", 0)
DurableSource(i) == SubSeq(sourceLog[i], 1, sourceDurable[i])

(* The last number of driver i at or after an offset, 0 when there is none. *)
LastIn(s, i, from) ==
    LET found == {k \in from .. Len(s) : s[k].kind = "FIX" /\ s[k].driver = i}
    IN IF found = {} THEN 0 ELSE s[CHOOSE k \in found : \A j \in found : j <= k].n

Init ==
    /\ table = "OWNED"
    /\ migration = 0
    /\ target = 1
    /\ seal = [i \in Sources |-> 0]
    /\ reachedSealing = {}
    /\ reachedAborting = {}
    /\ sourceLog = [i \in Sources |-> << >>]
    /\ sourceDurable = [i \in Sources |-> 0]
    /\ targetLog = [t \in Targets |-> << >>]
    /\ targetDurable = [t \in Targets |-> 0]
    /\ staged = [t \in Targets |-> [i \in Sources |-> 0]]
    /\ stagedLast = [t \in Targets |-> [i \in Sources |-> 0]]
    /\ acked = [i \in Sources |-> {}]
    /\ sealedProposal = [m \in Migrations |-> [i \in Sources |-> 0]]
    /\ giveUpProposal = {}
    /\ activeProposal = {}
    /\ crashes = 0
    /\ failedOver = {}
    /\ dead = {}

(***************************************************************************)
(* Who accepts: told by the own log, and by the table only in that a       *)
(* migration that ended no longer counts.                                  *)
(***************************************************************************)
HasEnded(m) == m < migration \/ (m = migration /\ table = "OWNED")

IsSealed(i) ==
    \E m \in Migrations :
        LET at == FirstOf(sourceLog[i], "SEAL", m)
            abortAt == FirstOf(sourceLog[i], "ABORT", m)
        IN /\ at > 0
           /\ ~HasEnded(m)
           /\ ~(abortAt > 0 /\ abortAt < at)

SourceAccepts(i) ==
    IF table = "TAKEN_BACK"
    THEN OpenBackAt(i) > 0
    ELSE \/ ~IsSealed(i)
         \/ ~SealHolds /\ table # "ACTIVE"
         \/ ~ControlFirst /\ OpenBackAt(i) > 0

TargetAccepts(t) ==
    /\ t \notin dead
    /\ OpenAt(t) > 0
    /\ (table = "ACTIVE" /\ target = t) \/ ~ServeAfterActive

(* What the target knows of driver i. *)
TargetLast(t, i) ==
    LET inMemory == ~OpenWithState /\ staged[t][i] > 0
        base == IF inMemory THEN stagedLast[t][i] ELSE targetLog[t][OpenAt(t)].last[i]
    IN Max(base, LastIn(targetLog[t], i, OpenAt(t)))

AppendToSource(i, r) ==
    /\ Len(sourceLog[i]) < LogMax
    /\ sourceLog' = [sourceLog EXCEPT ![i] = Append(sourceLog[i], r)]
    /\ UNCHANGED <<sourceDurable, targetLog, targetDurable>>

AppendToTarget(t, r) ==
    /\ Len(targetLog[t]) < LogMax
    /\ targetLog' = [targetLog EXCEPT ![t] = Append(targetLog[t], r)]
    /\ UNCHANGED <<sourceLog, sourceDurable, targetDurable>>

NoCopy(t) == [staged EXCEPT ![t] = [i \in Sources |-> 0]]
NoCopyLast(t) == [stagedLast EXCEPT ![t] = [i \in Sources |-> 0]]

(***************************************************************************)
(* Phones.                                                                 *)
(***************************************************************************)
AcceptAtSource(i, n) ==
    /\ SourceAccepts(i)
    /\ n = LastIn(sourceLog[i], i, 1) + 1 \/ ~Dedupe
    /\ AppendToSource(i, Fix(i, n, IF OpenBackAt(i) > 0 THEN 3 ELSE 1))
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars, faultVars>>

AcceptAtTarget(t, i, n) ==
    /\ TargetAccepts(t)
    /\ n = TargetLast(t, i) + 1 \/ ~Dedupe
    /\ AppendToTarget(t, Fix(i, n, 2))
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars, faultVars>>

HasFix(s, end, i, n) ==
    \E k \in 1 .. end : s[k].kind = "FIX" /\ s[k].driver = i /\ s[k].n = n

Acknowledgeable(i, n) ==
    \/ HasFix(sourceLog[i], IF AckDurable THEN sourceDurable[i] ELSE Len(sourceLog[i]), i, n)
    \/ \E t \in Targets :
        HasFix(targetLog[t], IF AckDurable THEN targetDurable[t] ELSE Len(targetLog[t]), i, n)

(* A deposed region goes on as if nothing had happened. *)
ZombieAck(i, n) ==
    /\ ~FenceFirst
    /\ i \in failedOver
    /\ ~IsSealed(i)
    /\ n = LastIn(sourceLog[i], i, 1) + 1

Ack(i, n) ==
    /\ n \notin acked[i]
    /\ Acknowledgeable(i, n) \/ ZombieAck(i, n)
    /\ acked' = [acked EXCEPT ![i] = acked[i] \cup {n}]
    /\ UNCHANGED <<tableVars, logVars, copyVars, proposalVars, faultVars>>

(***************************************************************************)
(* The writer of a source.                                                 *)
(***************************************************************************)
FlushSource(i) ==
    /\ sourceDurable[i] < Len(sourceLog[i])
    /\ sourceDurable' = [sourceDurable EXCEPT ![i] = Len(sourceLog[i])]
    /\ UNCHANGED <<tableVars, sourceLog, targetLog, targetDurable>>
    /\ UNCHANGED <<copyVars, acked, proposalVars, faultVars>>

Seal(i, m) ==
    /\ m \in reachedSealing
    /\ FirstOf(sourceLog[i], "SEAL", m) = 0
    /\ AppendToSource(i, Mark("SEAL", m))
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars, faultVars>>

Abort(i, m) ==
    /\ m \in reachedAborting
    /\ FirstOf(sourceLog[i], "ABORT", m) = 0
    /\ AppendToSource(i, Mark("ABORT", m))
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars, faultVars>>

OpenBack(i) ==
    /\ table = "TAKEN_BACK" \/ (~ControlFirst /\ table = "SEALED")
    /\ OpenBackAt(i) = 0
    /\ AppendToSource(i, Mark("OPEN_BACK", 0))
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars, faultVars>>

(***************************************************************************)
(* The writer of a target.                                                 *)
(***************************************************************************)
FlushTarget(t) ==
    /\ t \notin dead
    /\ targetDurable[t] < Len(targetLog[t])
    /\ targetDurable' = [targetDurable EXCEPT ![t] = Len(targetLog[t])]
    /\ UNCHANGED <<tableVars, sourceLog, sourceDurable, targetLog>>
    /\ UNCHANGED <<copyVars, acked, proposalVars, faultVars>>

IsTarget(t) == t \notin dead /\ target = t /\ OpenAt(t) = 0

(* Reads on in the source's durable log, up to the seal when it is known. *)
Stage(t, i) ==
    LET written == IF CopyDurable THEN sourceDurable[i] ELSE Len(sourceLog[i])
        end == IF seal[i] > 0 THEN Min(written, seal[i]) ELSE written
        from == IF staged[t][i] = 0 THEN 0 ELSE staged[t][i] - 1
        seen == LastIn(SubSeq(sourceLog[i], 1, end), i, from + 1)
    IN /\ IsTarget(t)
       /\ table \in {"COPYING", "SEALING", "SEALED"}
       /\ staged[t][i] = 0 \/ from < end
       /\ staged' = [staged EXCEPT ![t][i] = Max(from, end) + 1]
       /\ stagedLast' = [stagedLast EXCEPT ![t][i] = Max(stagedLast[t][i], seen)]
       /\ UNCHANGED <<tableVars, logVars, acked, proposalVars, faultVars>>

Drained(t, i) == staged[t][i] - 1 >= seal[i] /\ staged[t][i] > 0

IsDrained(t) ==
    \/ \A i \in Sources : Drained(t, i)
    \/ ~DrainFirst /\ staged[t][1] > 0
    \/ ~DrainAllParents /\ \E i \in Sources : Drained(t, i)

IsEqual(t) ==
    \A i \in Sources :
        stagedLast[t][i] = LastIn(SubSeq(sourceLog[i], 1, seal[i]), i, 1)

Open(t) ==
    /\ IsTarget(t)
    /\ table = "SEALED"
    /\ IsDrained(t)
    /\ IsEqual(t) \/ ~CompareHashes
    /\ AppendToTarget(t, OpenRec(IF OpenWithState THEN stagedLast[t] ELSE NoLast))
    /\ staged' = IF OpenWithState THEN NoCopy(t) ELSE staged
    /\ stagedLast' = IF OpenWithState THEN NoCopyLast(t) ELSE stagedLast
    /\ UNCHANGED <<tableVars, acked, proposalVars, faultVars>>

StageAgain(t) ==
    /\ IsTarget(t)
    /\ table = "SEALED"
    /\ IsDrained(t)
    /\ CompareHashes /\ ~IsEqual(t)
    /\ staged' = NoCopy(t)
    /\ stagedLast' = NoCopyLast(t)
    /\ UNCHANGED <<tableVars, logVars, acked, proposalVars, faultVars>>

(***************************************************************************)
(* The control stream.  Propose...: anyone who has seen what it takes.     *)
(* Apply...: the proposal's turn in the stream; void unless the table is   *)
(* as the proposal expects.                                                *)
(***************************************************************************)
StartCopying ==
    /\ table = "OWNED"
    /\ migration < MigrationCount
    /\ migration' = migration + 1
    /\ table' = "COPYING"
    /\ UNCHANGED <<target, seal, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, copyVars, acked, proposalVars, faultVars>>

StartSealing ==
    /\ table = "COPYING"
    /\ table' = "SEALING"
    /\ reachedSealing' = reachedSealing \cup {migration}
    /\ UNCHANGED <<migration, target, seal, reachedAborting>>
    /\ UNCHANGED <<logVars, copyVars, acked, proposalVars, faultVars>>

GiveUpCopying ==
    /\ table = "COPYING"
    /\ table' = "OWNED"
    /\ staged' = NoCopy(target)
    /\ stagedLast' = NoCopyLast(target)
    /\ UNCHANGED <<migration, target, seal, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, acked, proposalVars, faultVars>>

GiveUp ==
    /\ table = "SEALING"
    /\ table' = "ABORTING"
    /\ reachedAborting' = reachedAborting \cup {migration}
    /\ UNCHANGED <<migration, target, seal, reachedSealing>>
    /\ UNCHANGED <<logVars, copyVars, acked, proposalVars, faultVars>>

SealSeen(i) ==
    LET s == IF SealDurable THEN DurableSource(i) ELSE sourceLog[i]
    IN FirstOf(s, "SEAL", migration)

ProposeSealed ==
    /\ table = "SEALING"
    /\ \A i \in Sources : SealSeen(i) > 0
    /\ sealedProposal[migration] = [i \in Sources |-> 0]
    /\ sealedProposal' = [sealedProposal EXCEPT ![migration] = [i \in Sources |-> SealSeen(i)]]
    /\ UNCHANGED <<giveUpProposal, activeProposal>>
    /\ UNCHANGED <<tableVars, logVars, copyVars, acked, faultVars>>

ApplySealed ==
    /\ migration > 0
    /\ table = "SEALING" \/ (~CompareAndSet /\ table \in {"ABORTING", "OWNED"})
    /\ sealedProposal[migration] # [i \in Sources |-> 0]
    /\ table' = "SEALED"
    /\ seal' = sealedProposal[migration]
    /\ UNCHANGED <<migration, target, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, copyVars, acked, proposalVars, faultVars>>

ProposeGivenUp ==
    /\ table = "ABORTING"
    /\ \A i \in Sources : FirstOf(DurableSource(i), "ABORT", migration) > 0
    /\ migration \notin giveUpProposal
    /\ giveUpProposal' = giveUpProposal \cup {migration}
    /\ UNCHANGED <<sealedProposal, activeProposal>>
    /\ UNCHANGED <<tableVars, logVars, copyVars, acked, faultVars>>

ApplyGivenUp ==
    /\ table = "ABORTING"
    /\ migration \in giveUpProposal
    /\ table' = "OWNED"
    /\ staged' = NoCopy(target)
    /\ stagedLast' = NoCopyLast(target)
    /\ UNCHANGED <<migration, target, seal, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, acked, proposalVars, faultVars>>

ProposeActive ==
    /\ table = "SEALED"
    /\ OpenAt(target) > 0
    /\ OpenAt(target) <= targetDurable[target]
    /\ target \notin activeProposal
    /\ activeProposal' = activeProposal \cup {target}
    /\ UNCHANGED <<sealedProposal, giveUpProposal>>
    /\ UNCHANGED <<tableVars, logVars, copyVars, acked, faultVars>>

ApplyActive ==
    /\ table = "SEALED"
    /\ target \in activeProposal
    /\ table' = "ACTIVE"
    /\ UNCHANGED <<migration, target, seal, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, copyVars, acked, proposalVars, faultVars>>

ReplaceTarget ==
    /\ MayReplace
    /\ table = "SEALED"
    /\ target = 1
    /\ target' = 2
    /\ staged' = NoCopy(1)
    /\ stagedLast' = NoCopyLast(1)
    /\ UNCHANGED <<table, migration, seal, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, acked, proposalVars, faultVars>>

(* At e+2; the source's OPEN_BACK comes after. *)
TakeBack ==
    /\ MayReplace
    /\ table = "SEALED"
    /\ table' = "TAKEN_BACK"
    /\ staged' = NoCopy(target)
    /\ stagedLast' = NoCopyLast(target)
    /\ UNCHANGED <<migration, target, seal, reachedSealing, reachedAborting>>
    /\ UNCHANGED <<logVars, acked, proposalVars, faultVars>>

(***************************************************************************)
(* What goes wrong.                                                        *)
(***************************************************************************)
CutSource(i, k) ==
    /\ sourceLog' = [sourceLog EXCEPT ![i] = SubSeq(sourceLog[i], 1, k)]
    /\ sourceDurable' = [sourceDurable EXCEPT ![i] = k]
    /\ UNCHANGED <<targetLog, targetDurable>>

CrashSource(i) ==
    /\ crashes < CrashMax
    /\ \E k \in sourceDurable[i] .. Len(sourceLog[i]) :
        k < Len(sourceLog[i]) /\ CutSource(i, k)
    /\ crashes' = crashes + 1
    /\ UNCHANGED <<failedOver, dead>>
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars>>

(* The source's region is lost for good; its peer has what was durable. *)
FailOver(i) ==
    /\ FailOvers
    /\ failedOver = {}
    /\ \E k \in sourceDurable[i] .. Len(sourceLog[i]) : CutSource(i, k)
    /\ failedOver' = {i}
    /\ UNCHANGED <<crashes, dead>>
    /\ UNCHANGED <<tableVars, copyVars, acked, proposalVars>>

CrashTarget(t) ==
    /\ crashes < CrashMax
    /\ t \notin dead
    /\ \E k \in targetDurable[t] .. Len(targetLog[t]) :
        /\ k < Len(targetLog[t]) \/ staged[t] # [i \in Sources |-> 0]
        /\ targetLog' = [targetLog EXCEPT ![t] = SubSeq(targetLog[t], 1, k)]
        /\ targetDurable' = [targetDurable EXCEPT ![t] = k]
    /\ staged' = NoCopy(t)
    /\ stagedLast' = NoCopyLast(t)
    /\ crashes' = crashes + 1
    /\ UNCHANGED <<failedOver, dead, sourceLog, sourceDurable>>
    /\ UNCHANGED <<tableVars, acked, proposalVars>>

DieForGood(t) ==
    /\ Deaths
    /\ dead = {}
    /\ t = target
    /\ table # "ACTIVE"
    /\ dead' = {t}
    /\ staged' = NoCopy(t)
    /\ stagedLast' = NoCopyLast(t)
    /\ UNCHANGED <<crashes, failedOver>>
    /\ UNCHANGED <<tableVars, logVars, acked, proposalVars>>

(***************************************************************************)
(* Behaviours.  Progress is what somebody does in the end as long as it is *)
(* enabled; phones, operators and faults owe nothing.                      *)
(***************************************************************************)
Progress ==
    \/ \E i \in Sources :
        \/ FlushSource(i)
        \/ OpenBack(i)
        \/ table = "SEALING" /\ Seal(i, migration)
        \/ table = "ABORTING" /\ Abort(i, migration)
    \/ \E t \in Targets :
        \/ FlushTarget(t) \/ Open(t) \/ StageAgain(t)
        \/ \E i \in Sources : Stage(t, i)
    \/ StartSealing
    \/ ProposeSealed \/ ApplySealed
    \/ ProposeGivenUp \/ ApplyGivenUp
    \/ ProposeActive \/ ApplyActive
    \/ target \in dead /\ (ReplaceTarget \/ TakeBack)

Next ==
    \/ Progress
    \/ \E i \in Sources :
        \/ \E n \in Numbers : AcceptAtSource(i, n) \/ Ack(i, n)
        \/ \E m \in Migrations : Seal(i, m) \/ Abort(i, m)
        \/ CrashSource(i) \/ FailOver(i)
    \/ \E t \in Targets :
        \/ \E i \in Sources : \E n \in Numbers : AcceptAtTarget(t, i, n)
        \/ CrashTarget(t) \/ DieForGood(t)
    \/ StartCopying \/ GiveUpCopying \/ GiveUp
    \/ ReplaceTarget \/ TakeBack

Spec == Init /\ [][Next]_vars /\ WF_vars(Progress)

(***************************************************************************)
(* Invariants.                                                             *)
(***************************************************************************)
IsOpenEnded == table \in {"OWNED", "COPYING", "SEALING", "ABORTING"}

(* Fixes of driver i between two offsets, as a sequence of records. *)
IsFixOf(r, i) == r.kind = "FIX" /\ r.driver = i

RECURSIVE FixesOf(_, _)
FixesOf(s, i) ==
    IF Len(s) = 0
    THEN << >>
    ELSE IF IsFixOf(Head(s), i)
         THEN <<Head(s)>> \o FixesOf(Tail(s), i)
         ELSE FixesOf(Tail(s), i)

ParentPart(i) ==
    LET end == IF IsOpenEnded THEN sourceDurable[i] ELSE Min(seal[i], sourceDurable[i])
    IN FixesOf(SubSeq(sourceLog[i], 1, end), i)

ChildPart(i) ==
    IF table = "ACTIVE" /\ OpenAt(target) > 0
    THEN FixesOf(SubSeq(targetLog[target], OpenAt(target), targetDurable[target]), i)
    ELSE IF table = "TAKEN_BACK" /\ OpenBackAt(i) > 0
         THEN FixesOf(SubSeq(sourceLog[i], OpenBackAt(i), sourceDurable[i]), i)
         ELSE << >>

(* The visible record: the parent up to its SEAL, then the child from OPEN. *)
Lineage(i) == ParentPart(i) \o ChildPart(i)

AcceptorCount(i) ==
    (IF SourceAccepts(i) THEN 1 ELSE 0) + Cardinality({t \in Targets : TargetAccepts(t)})

I1_OneAcceptor == \A i \in Sources : AcceptorCount(i) <= 1

ChildEpoch == IF table = "TAKEN_BACK" THEN 3 ELSE 2

I2_ActiveEpoch ==
    \A i \in Sources :
        /\ \A k \in 1 .. Len(ParentPart(i)) : ParentPart(i)[k].epoch = 1
        /\ \A k \in 1 .. Len(ChildPart(i)) : ChildPart(i)[k].epoch = ChildEpoch

I3_I5_StrictlyIncreasing ==
    \A i \in Sources :
        \A k \in 1 .. Len(Lineage(i)) :
            k > 1 => Lineage(i)[k - 1].n < Lineage(i)[k].n

I4_AcknowledgedIsThere ==
    \A i \in Sources : \A n \in acked[i] :
        \E k \in 1 .. Len(Lineage(i)) : Lineage(i)[k].n = n

(* A chain per cell: each parent ends with this move's SEAL, and the child *)
(* begins with an OPEN that is there.                                      *)
I6_Chain ==
    /\ ~IsOpenEnded =>
        \A i \in Sources :
            /\ seal[i] \in 1 .. Len(sourceLog[i])
            /\ sourceLog[i][seal[i]].kind = "SEAL"
            /\ sourceLog[i][seal[i]].n = migration
    /\ table = "ACTIVE" => OpenAt(target) > 0

(***************************************************************************)
(* Liveness: what is sealed becomes active, at the target or again at the  *)
(* source; and no attempt stays under way for ever.                        *)
(***************************************************************************)
Ended == table \in {"OWNED", "ACTIVE", "TAKEN_BACK"}
L1_SealedEndsActive == (table = "SEALED") ~> (table \in {"ACTIVE", "TAKEN_BACK"})
L1_EveryAttemptEnds == []<>Ended
=============================================================================
