// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Subjects and who controls them
/// @notice A subject id is random; a commitment hides the controllers and their threshold. Which firm it is, is an
/// attestation of the registrar and not here. Commitments follow one another; none is ever removed, so that what the
/// controllers of a time signed stays checkable.
///
///     no entry --register--> entry 0 --rotate, completeRecovery--> entry 1 --…--> …
///
/// Entry i is in force in [since_i, since_{i+1}); of entries with the same time the last one counts.
///
/// The controllers' signatures are checked off chain, by the registrar before it rotates and by the relayer before it
/// cancels. For firms that lost their keys there is recovery, which everybody sees coming: it takes effect RECOVERY_DELAY
/// after it was requested at the earliest, and until then any one of the present controllers has it cancelled.
///
///     no recovery --requestRecovery--> pending --completeRecovery (72 hours later)--> a new entry
///                                         |
///                                         +----cancelRecovery, rotate--------------> no recovery
///
/// Storage layout (k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   mapping(bytes32 subjectId => Entry[]), its length at n = subjectId . 0, entry i at e = keccak256(n) + 3 i
///              e + 0: commitment     e + 1: since (bits 0-63)     e + 2: registrar
///     slot 1   mapping(bytes32 subjectId => Recovery), at r = subjectId . 1
///              r + 0: commitment, zero when none is pending     r + 1: number (bits 0-63), requestedAt (64-127)
interface ISubjectRegistry {
    /// @notice Who controlled a subject from `since` on, recorded by this registrar.
    struct Entry {
        bytes32 commitment;
        uint64 since;
        bytes32 registrar;
    }

    /// @notice The last recovery that was requested of a subject, the `number`th; pending if its commitment is not zero.
    struct Recovery {
        bytes32 commitment;
        uint64 number;
        uint64 requestedAt;
    }

    /// @notice A subject has its first controllers.
    /// @dev Invariant: once for an id.
    event SubjectRegistered(bytes32 indexed subjectId, bytes32 commitment);

    /// @notice A subject has other controllers, by its present controllers' wish.
    /// @dev Invariant: after SubjectRegistered; the entry is the last of its subject in this moment, and of another
    /// commitment than the one before.
    event SubjectRotated(bytes32 indexed subjectId, bytes32 commitment);

    /// @notice A registrar asks for other controllers in the place of those that lost their keys.
    /// @dev Invariant: after SubjectRegistered; numbers of a subject count up from 1 without a gap, and the recovery before
    /// was cancelled or completed.
    event SubjectRecoveryRequested(
        bytes32 indexed subjectId,
        uint64 indexed number,
        bytes32 commitment,
        uint64 completableAt,
        bytes32 registrar
    );

    /// @notice A recovery was called off, by this member or by a rotation that it relayed.
    /// @dev Invariant: once at most for a (subjectId, number), after its SubjectRecoveryRequested, and then never
    /// SubjectRecovered.
    event SubjectRecoveryCancelled(bytes32 indexed subjectId, uint64 indexed number, bytes32 by);

    /// @notice A subject has other controllers, by a recovery that nobody cancelled.
    /// @dev Invariant: once at most for a (subjectId, number), RECOVERY_DELAY or more after its SubjectRecoveryRequested and
    /// with the same commitment; the entry is the last of its subject in this moment.
    event SubjectRecovered(bytes32 indexed subjectId, uint64 indexed number, bytes32 commitment);

    /// @notice A subject id is not zero.
    error SubjectIdZero();
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
    /// @notice One recovery at a time: this one is pending.
    error SubjectRecoveryPending(bytes32 subjectId, uint64 number);
    /// @notice No recovery of this number is pending: never requested, cancelled, or completed.
    error SubjectRecoveryNotPending(bytes32 subjectId, uint64 number);
    /// @notice The controllers still have time to cancel.
    error SubjectRecoveryEarly(bytes32 subjectId, uint64 completableAt);

    /// @notice Registers a subject with its first commitment. REGISTRAR only (by the sender's key).
    function register(bytes32 subjectId, bytes32 commitment) external;

    /// @notice Appends a commitment that the present controllers signed for, and cancels a pending recovery. REGISTRAR only,
    /// whichever registered the subject.
    function rotate(bytes32 subjectId, bytes32 commitment) external;

    /// @notice Begins to wait for other controllers. REGISTRAR only, whichever registered the subject.
    function requestRecovery(bytes32 subjectId, bytes32 commitment) external;

    /// @notice Cancels the pending recovery on the signed request of any one present controller. RELAYER or REGISTRAR only.
    /// @param number the recovery that is meant, so that a late transaction never meets the next one
    function cancelRecovery(bytes32 subjectId, uint64 number) external;

    /// @notice Appends the commitment of the pending recovery once its time has come. REGISTRAR only.
    /// @param number the recovery that is meant
    function completeRecovery(bytes32 subjectId, uint64 number) external;

    /// @notice How many entries a subject has; zero if it is not registered.
    function count(bytes32 subjectId) external view returns (uint256);

    /// @notice An entry, counted from 0; reverts beyond the last.
    function entry(bytes32 subjectId, uint256 index) external view returns (Entry memory);

    /// @notice The last recovery as stored; its number is zero if none was ever requested.
    function recovery(bytes32 subjectId) external view returns (Recovery memory);
}
