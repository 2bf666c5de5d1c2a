// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title Subjects and who controls them
/// @notice A subject id is random; a commitment hides the controllers and their threshold. Which firm it is, is an
/// attestation of the registrar and not here. Commitments follow one another; none is ever removed, so that what the
/// controllers of a time signed stays checkable.
///
///     no entry --register--> entry 0 --rotate--> entry 1 --rotate--> …
///
/// Entry i is in force in [since_i, since_{i+1}); of entries with the same time the last one counts.
///
/// Storage layout (k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   mapping(bytes32 subjectId => Entry[]), its length at n = subjectId . 0, entry i at e = keccak256(n) + 3 i
///              e + 0: commitment     e + 1: since (bits 0-63)     e + 2: registrar
interface ISubjectRegistry {
    /// @notice Who controlled a subject from `since` on, recorded by this registrar.
    struct Entry {
        bytes32 commitment;
        uint64 since;
        bytes32 registrar;
    }

    /// @notice A subject has its first controllers.
    /// @dev Invariant: once for an id.
    event SubjectRegistered(bytes32 indexed subjectId, bytes32 commitment);

    /// @notice A subject has other controllers.
    /// @dev Invariant: after SubjectRegistered; the entry is the last of its subject in this moment.
    event SubjectRotated(bytes32 indexed subjectId, bytes32 commitment);

    /// @notice A subject id is not zero.
    error SubjectIdZero();
    /// @notice A commitment is not zero.
    error SubjectCommitmentZero(bytes32 subjectId);
    /// @notice The subject is registered.
    error SubjectExists(bytes32 subjectId);
    /// @notice The subject is not registered.
    error SubjectUnknown(bytes32 subjectId);
    /// @notice The subject has no such entry.
    error SubjectEntryUnknown(bytes32 subjectId, uint256 index);

    /// @notice Registers a subject with its first commitment. REGISTRAR only (by the sender's key).
    function register(bytes32 subjectId, bytes32 commitment) external;

    /// @notice Appends a commitment. REGISTRAR only, whichever registered the subject.
    function rotate(bytes32 subjectId, bytes32 commitment) external;

    /// @notice How many entries a subject has; zero if it is not registered.
    function count(bytes32 subjectId) external view returns (uint256);

    /// @notice An entry, counted from 0; reverts beyond the last.
    function entry(bytes32 subjectId, uint256 index) external view returns (Entry memory);
}
