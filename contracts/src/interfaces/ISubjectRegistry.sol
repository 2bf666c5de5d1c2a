// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Subjects and who controls them
/// @notice A commitment hides the controllers and their threshold. Which firm a subject is, is an attestation of the registrar
/// and not here. Commitments follow one another; none is ever removed, so that what the controllers of a time signed stays
/// checkable.
///
///     no entry --register--> entry 0 --rotate, completeRecovery--> entry 1 --…--> …
///
/// Which entry counts. A registration or a recovery counts as long as the registrar's key that asked for it is not marked as
/// compromised from the entry's time on. A rotation counts if the entry that it retired counts, by the signatures that it
/// showed, whoever sent it. So every entry rests on one registration or recovery, its root. In force at a time is, of the
/// entries until then, the last one that counts: `current` says which one that is now. A stolen registrar key is not
/// laundered by a rotation of what it recovered, and a compromise of who only sent a rotation brings no retired set back.
/// What does not count today never counts again, since dates of compromise only move backwards.
///
/// Controllers. commitment = keccak256(0x31 || salt || u8 threshold || u8 n || n keys), 1 <= n <= 16, where a key is
///
///     u8 person || 0x01 || 20-byte address                               (secp256k1)
///     u8 person || 0x02 || 32-byte rpIdHash || 32-byte x || 32-byte y    (passkey: P-256, as a WebAuthn assertion)
///
/// The threshold counts persons: two devices of one person are one. No key is in a set twice. A set is shown here when it
/// rotates, cancels or holds, and never else.
///
/// For firms that lost their keys there is recovery, which everybody sees coming:
///
///     no recovery --requestRecovery--> pending --completeRecovery (after the wait)--> a new entry
///                                         |
///                                         +----cancelRecovery, abandonRecovery, rotate, 30 days without completion
///                                         |    after the wait, a compromise of the key that asked--> no recovery
///
/// The wait is 72 hours. It doubles with each cancellation, to at most 12 days, until a year passes without one or a recovery
/// completes. The first cancellation takes one controller; another one within a year of the last takes the threshold.
///
/// A hold stops rotations for 14 days, and a single controller's cancellations: meanwhile they take the threshold, and, if a
/// controller called the hold, two persons at least. Off the chain it stops grants, resumptions and uses, too: all but
/// withdrawals. Recoveries go on, since they are what it is for; one that completes ends it. Controllers and registrar
/// may call one each in 60 days, and a recovery that completes lets them anew.
///
/// Signed under the domain {name: "Credence", version: "1", chainId, verifyingContract: this contract}, all by controllers:
///
///     ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,bytes32 textDigest,uint64 deadline,string statement)
///         "I hand control of this subject to new controllers. 我将本主体的控制权交给新的控制人。"
///     RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,uint64 deadline,string statement)
///         "I still control this subject; cancel this recovery. 我仍控制本主体，请取消本次控制权恢复。"
///     SubjectHold(bytes32 subject,uint64 number,uint64 deadline,string statement)
///         "Hold this subject for 14 days. 请将本主体冻结十四天。"
///
/// Storage layout (made for eth_getProof; k . s is keccak256(abi.encode(k, s))):
///
///     slot 0      address owner
///     slot 1, 2   unused fallbacks of the EIP-712 domain's name and version
///     slot 3   mapping(bytes32 subjectId => Entry[]), its length at n = subjectId . 3, entry i at e = keccak256(n) + 3 i
///              e + 0: commitment
///              e + 1: key (bits 0-159), since (160-199), kind (200-207), link (208-239)
///              e + 2: registrar
///     slot 4   mapping(bytes32 subjectId => Recovery), at r = subjectId . 4
///              r + 0: commitment, zero when none is pending     r + 1: registrar
///              r + 2: key (bits 0-159), number (160-191), completableAt (192-231)
///     slot 5   mapping(bytes32 subjectId => Standing), at subjectId . 5, one slot:
///              cancelledAt (bits 0-39), cancellations (40-47), controllerHeldAt (48-87), registrarHeldAt (88-127)
///     slot 6   mapping(bytes32 subjectId => Hold[]), its length at n = subjectId . 6, hold number i at keccak256(n) + i - 1:
///              from (bits 0-39), byRegistrar (40-47)
///     slot 7   mapping(bytes32 subjectId => bytes32 registrar), at subjectId . 7: whom the council named, or zero
interface ISubjectRegistry {
    /// @notice How an entry came about.
    enum Kind {
        Registered,
        Rotated,
        Recovered
    }

    /// @notice Who controlled a subject from `since` on. `link` is, of a rotation, the index of its root, and of a recovery
    /// the index of the entry that was in force before it (0 if none was). `registrar` and `key` asked for it; of a rotation
    /// they are zero.
    struct Entry {
        bytes32 commitment;
        address key;
        uint40 since;
        Kind kind;
        uint32 link;
        bytes32 registrar;
    }

    /// @notice The last recovery that was requested of a subject, the `number`th, by a key of this registrar.
    struct Recovery {
        bytes32 commitment;
        bytes32 registrar;
        address key;
        uint32 number;
        uint40 completableAt;
    }

    /// @notice Cancellations, of which the last was at cancelledAt, and the last hold of each kind; zeros if there is none, and
    /// again once a recovery completes.
    struct Standing {
        uint40 cancelledAt;
        uint8 cancellations;
        uint40 controllerHeldAt;
        uint40 registrarHeldAt;
    }

    /// @notice A hold for 14 days, or until a recovery completes.
    struct Hold {
        uint40 from;
        bool byRegistrar;
    }

    /// @notice A set of controllers as it is committed to; `keys` are n keys in a row.
    struct Controllers {
        bytes32 salt;
        uint8 threshold;
        bytes keys;
    }

    /// @notice A signature by the key of the set at `index`, from 0: 65 bytes r || s || v, or for a passkey
    /// abi.encode(r, s, challengeIndex, typeIndex, authenticatorData, clientDataJSON).
    struct ControllerSignature {
        uint8 index;
        bytes signature;
    }

    /// @notice A subject has its first controllers, recorded by this registrar, by this key.
    /// @dev Invariant: once for an id, before any other event of that id; the id is that of registrar, commitment and salt.
    event SubjectRegistered(
        bytes32 indexed subjectId,
        bytes32 indexed registrar,
        address key,
        bytes32 commitment,
        bytes32 salt,
        uint64 since
    );

    /// @notice A subject has other controllers, by the signatures of those before. Sent by this key of this member, if any.
    /// @dev Invariant: the entry is the last of its subject in this moment, numbered by `entry` without a gap, and of another
    /// commitment than the one in force before, which rests on the same root.
    event SubjectRotated(
        bytes32 indexed subjectId,
        uint64 indexed entry,
        bytes32 indexed sender,
        address key,
        bytes32 commitment,
        uint64 root,
        uint64 since
    );

    /// @notice A registrar asks, by this key, for other controllers in the place of those that lost their keys.
    /// @dev Invariant: numbers of a subject count up from 1 without a gap; the member is the subject's registrar or its
    /// successor; no recovery is pending.
    event SubjectRecoveryRequested(
        bytes32 indexed subjectId,
        uint64 indexed number,
        bytes32 indexed registrar,
        address key,
        bytes32 commitment,
        uint64 completableAt
    );

    /// @notice A recovery was called off by the controllers, alone or by a rotation. Sent by this key of this member, if any.
    /// @dev Invariant: once at most for a (subjectId, number), after its SubjectRecoveryRequested, and then never
    /// SubjectRecovered. `cancellations` counts those since the wait was last 72 hours.
    event SubjectRecoveryCancelled(
        bytes32 indexed subjectId,
        uint64 indexed number,
        bytes32 indexed sender,
        address key,
        uint8 cancellations,
        uint64 cancelledAt
    );

    /// @notice A recovery was called off by a registrar who might have completed it.
    /// @dev Invariant: as SubjectRecoveryCancelled, but the wait does not change.
    event SubjectRecoveryAbandoned(
        bytes32 indexed subjectId, uint64 indexed number, bytes32 indexed registrar, address key
    );

    /// @notice A subject has other controllers, by a recovery that nobody cancelled. Completed by this key of this registrar;
    /// the entry names who asked. Cancellations and holds begin anew.
    /// @dev Invariant: once at most for a (subjectId, number), at completableAt or up to 30 days later, with the same
    /// commitment; `link` is the entry that was in force before, or 0.
    event SubjectRecovered(
        bytes32 indexed subjectId,
        uint64 indexed number,
        bytes32 indexed registrar,
        address key,
        uint64 entry,
        uint64 link,
        uint64 since
    );

    /// @notice A subject is held, on a controller's signature or by its registrar. Sent by this key of this member, if any.
    /// @dev Invariant: numbers of a subject count up from 1 without a gap.
    event SubjectHeld(
        bytes32 indexed subjectId,
        uint64 indexed number,
        bytes32 indexed sender,
        address key,
        bool byRegistrar,
        uint64 from
    );

    /// @notice The council named the registrar of a subject; zero: it is the one that registered or recovered it.
    event SubjectRegistrarNamed(bytes32 indexed subjectId, bytes32 indexed registrar);

    /// @notice A commitment is not zero.
    error SubjectCommitmentZero(bytes32 subjectId);
    /// @notice This commitment is in force; so what is sent twice counts once.
    error SubjectCommitmentCurrent(bytes32 subjectId);
    /// @notice The subject is registered.
    error SubjectExists(bytes32 subjectId);
    /// @notice The subject is not registered.
    error SubjectUnknown(bytes32 subjectId);
    /// @notice The subject has no such entry.
    error SubjectEntryUnknown(bytes32 subjectId, uint256 index);
    /// @notice The subject has no such hold.
    error SubjectHoldUnknown(bytes32 subjectId, uint256 number);
    /// @notice Every entry of the subject rests on a compromised key.
    error SubjectNoneCounts(bytes32 subjectId);
    /// @notice Another number of entry, recovery or hold than the next one.
    error SubjectNumberWrong(bytes32 subjectId, uint64 number, uint64 next);
    /// @notice The signatures were good until this time.
    error SubjectSignatureLate(bytes32 subjectId, uint64 deadline);
    /// @notice The keys are no list of 1 to 16 keys, or the threshold is zero.
    error SubjectControllersMalformed();
    /// @notice The controllers shown are not those in force.
    error SubjectControllersWrong(bytes32 subjectId, bytes32 commitment, bytes32 inForce);
    /// @notice The key at this place of the set did not sign this.
    error SubjectSignatureWrong(uint256 index);
    /// @notice Signatures stand in the order of their keys, one a key, and no key is in the set twice.
    error SubjectSignatureRepeated(uint256 index);
    /// @notice So many different persons signed, and so many are needed.
    error SubjectThresholdNotMet(uint256 persons, uint256 needed);
    /// @notice The member is neither the subject's registrar nor its successor.
    error SubjectRegistrarForeign(bytes32 subjectId, bytes32 member, bytes32 registrar);
    /// @notice The council names a registrar.
    error SubjectRegistrarInvalid(bytes32 registrar);
    /// @notice One recovery at a time: this one is pending.
    error SubjectRecoveryPending(bytes32 subjectId, uint64 number);
    /// @notice No recovery of this number is pending: never requested, called off, lapsed, completed, or requested by a key
    /// that is compromised.
    error SubjectRecoveryNotPending(bytes32 subjectId, uint64 number);
    /// @notice The controllers still have time to cancel.
    error SubjectRecoveryEarly(bytes32 subjectId, uint64 completableAt);
    /// @notice The subject is held until this time.
    error SubjectOnHold(bytes32 subjectId, uint64 until);
    /// @notice Who calls a hold may do so again from this time on.
    error SubjectHoldTooSoon(bytes32 subjectId, uint64 from);

    /// @notice Registers a subject with its first commitment; its id is computed from the registrar, so that no other takes it.
    /// REGISTRAR only, by a key with the purpose `register`: who the firm is, is the registrar's word.
    /// @param salt random, so that the id tells nothing
    function register(bytes32 commitment, bytes32 salt) external returns (bytes32 subjectId);

    /// @notice Appends a commitment for which the controllers in force signed, and cancels a pending recovery. Not while the
    /// subject is held. Anyone: the signatures decide.
    /// @param entry the index of the new entry
    /// @param textDigest the digest of the lines that the controllers read
    /// @param deadline the last time at which the signatures are good
    /// @param signatures by threshold persons, in the order of their keys
    function rotate(
        bytes32 subjectId,
        uint64 entry,
        bytes32 commitment,
        bytes32 textDigest,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature[] calldata signatures
    ) external;

    /// @notice Begins to wait for other controllers. The subject's registrar or its successor only, by a key with the purpose
    /// `register`: it has seen the firm's papers.
    /// @param number the recovery's own, so that a request that comes late never pends again
    /// @param entry the index of the entry that it will append
    function requestRecovery(bytes32 subjectId, uint64 number, uint64 entry, bytes32 commitment) external;

    /// @notice Cancels the pending recovery. Anyone: the controllers' signatures decide, of one or of threshold persons.
    /// @param number the recovery that is meant, so that a late transaction never meets the next one
    function cancelRecovery(
        bytes32 subjectId,
        uint64 number,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature[] calldata signatures
    ) external;

    /// @notice Calls off the pending recovery. The subject's registrar or its successor only: it finds that the papers were
    /// false, or the firm its keys.
    function abandonRecovery(bytes32 subjectId, uint64 number) external;

    /// @notice Appends the commitment of the pending recovery once its time has come. The subject's registrar or its successor
    /// only, so that a registrar that was suspended meanwhile completes nothing.
    function completeRecovery(bytes32 subjectId, uint64 number) external;

    /// @notice Holds the subject for 14 days. Anyone: one controller's signature decides.
    /// @param number the hold's own
    function hold(
        bytes32 subjectId,
        uint64 number,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature calldata signature
    ) external;

    /// @notice Holds the subject for 14 days. The subject's registrar or its successor only: somebody called, and was called
    /// back.
    function holdByRegistrar(bytes32 subjectId, uint64 number) external;

    /// @notice Names the registrar of a subject in the place of the one that registered or recovered it; zero takes the name
    /// back. Council only: the registrar has left, or is not to be trusted. Gives: the named one may ask for recoveries.
    function nameRegistrar(bytes32 subjectId, bytes32 registrar) external;

    /// @notice How many entries a subject has; zero if it is not registered.
    function count(bytes32 subjectId) external view returns (uint256);

    /// @notice An entry, counted from 0; reverts beyond the last.
    function entry(bytes32 subjectId, uint256 index) external view returns (Entry memory);

    /// @notice Whether an entry counts today; reverts beyond the last.
    function counts(bytes32 subjectId, uint256 index) external view returns (bool);

    /// @notice The last entry that counts today, and its index; reverts if there is none.
    function current(bytes32 subjectId) external view returns (uint256 index, Entry memory);

    /// @notice The last recovery as stored; its number is zero if none was ever requested.
    function recovery(bytes32 subjectId) external view returns (Recovery memory);

    /// @notice Whether the last recovery can be completed, now or later, or be cancelled.
    function isRecoveryPending(bytes32 subjectId) external view returns (bool);

    /// @notice Cancellations and holds as stored.
    function standing(bytes32 subjectId) external view returns (Standing memory);

    /// @notice Until when the subject is held; in the past or zero if it is not.
    function heldUntil(bytes32 subjectId) external view returns (uint64);

    /// @notice How many holds there were.
    function holdCount(bytes32 subjectId) external view returns (uint256);

    /// @notice A hold by its number, from 1; reverts beyond the last.
    function holdOf(bytes32 subjectId, uint64 number) external view returns (Hold memory);

    /// @notice The subject's registrar: whom the council named, or who registered or recovered it last as far as that counts.
    function registrarOf(bytes32 subjectId) external view returns (bytes32);

    /// @notice The id that a subject gets which this registrar registers.
    function subjectIdOf(bytes32 registrar, bytes32 commitment, bytes32 salt) external view returns (bytes32);

    /// @notice The commitment of a set of controllers; reverts if its keys are malformed.
    function commitmentOf(Controllers calldata controllers) external pure returns (bytes32);
}
